#!/usr/bin/python
# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manage the artifact bucket of an MLflow."""

from __future__ import annotations

DOCUMENTATION = r"""
module: s3_mlflow_bucket
short_description: Manage the S3 bucket that holds MLflow's artifacts
version_added: 0.1.0
description:
  - Creates an S3 bucket for the artifacts of SageMaker managed MLflow, or adopts one that exists, and brings all its
    settings to the wish in one task.
  - An omitted option is neither read nor written, except where O(secure_defaults) stands in for it.
  - Settings of others survive. Policy statements are merged by C(Sid), lifecycle rules and CORS rules by id, tags by
    key; the purge options remove what is not listed.
  - Reads go out at the same time. Writes go out one after the other, because S3 refuses concurrent changes of a bucket.
author:
  - The mlops.sagemaker_mlflow contributors (@mlops)
options:
  name:
    description:
      - The bucket's name. Unique among all accounts of a partition.
      - Names with dots work but cause a warning, because TLS certificates of S3 do not cover them.
    type: str
    required: true
  state:
    description:
      - V(present) creates or adopts the bucket.
      - V(absent) deletes it. A bucket that is not empty is only deleted with O(force_delete_objects=true).
    type: str
    choices: [present, absent]
    default: present
  secure_defaults:
    description:
      - Whether these options have a secure value when they are omitted. O(versioning=Enabled), all four switches of
        O(public_access_block) on, O(object_ownership=BucketOwnerEnforced), O(require_tls=true),
        O(abort_incomplete_multipart_upload_days=7), and O(bucket_key_enabled=true) where O(encryption=aws:kms).
      - They hold for a new bucket and for an adopted one. None of them makes a bucket less safe, deletes objects, or
        keeps out anybody who has access by a policy and comes over TLS. Run with C(--check --diff) before you adopt.
      - Encryption is not among them, because AWS encrypts every bucket, and an adopted bucket may have a better key.
      - With V(false) an omitted option is neither read nor written, without exception.
    type: bool
    default: true
  versioning:
    description:
      - Whether S3 keeps former versions of objects. A bucket that was versioned once can only be suspended.
      - When omitted, V(Enabled) if O(secure_defaults=true), else not managed.
    type: str
    choices: [Enabled, Suspended]
  encryption:
    description:
      - How S3 encrypts objects whose writer does not say.
      - When omitted, V(aws:kms) if O(kms_key_id) is given, else not managed. AWS encrypts with V(AES256) at least.
    type: str
    choices: [AES256, "aws:kms", "aws:kms:dsse"]
  kms_key_id:
    description:
      - The KMS key for O(encryption=aws:kms) and O(encryption=aws:kms:dsse). A key id, key ARN, alias name (C(alias/...))
        or alias ARN, in the bucket's region. It is written as the key's ARN.
      - When omitted, a key that the bucket has stays; a bucket that had none gets the AWS managed key C(aws/s3).
    type: str
  bucket_key_enabled:
    description:
      - Whether S3 derives object keys from one bucket key, which makes nearly all calls (and costs) of KMS go away.
      - When omitted, V(true) for O(encryption=aws:kms) if O(secure_defaults=true), else what the bucket has.
    type: bool
  public_access_block:
    description:
      - Switches that keep the bucket private, whatever ACLs and policies say.
      - When omitted, all on if O(secure_defaults=true), else not managed.
    type: dict
    suboptions:
      block_public_acls:
        description: Refuse new public ACLs.
        type: bool
        default: true
      ignore_public_acls:
        description: Ignore public ACLs that exist.
        type: bool
        default: true
      block_public_policy:
        description: Refuse a new public bucket policy.
        type: bool
        default: true
      restrict_public_buckets:
        description: Let only the owner's account and AWS services use a bucket with a public policy.
        type: bool
        default: true
  object_ownership:
    description:
      - Who owns objects that another account writes. V(BucketOwnerEnforced) also switches ACLs off, and AWS refuses it
        while the bucket's ACL lets others in.
      - When omitted, V(BucketOwnerEnforced) if O(secure_defaults=true), else not managed.
    type: str
    choices: [BucketOwnerEnforced, BucketOwnerPreferred, ObjectWriter]
  require_tls:
    description:
      - Whether the bucket's policy has the statement C(DenyInsecureTransport), which denies every request without TLS.
        V(false) removes this statement.
      - When omitted, V(true) if O(secure_defaults=true), else not managed.
    type: bool
  restrict_to_owner_account:
    description:
      - Whether the bucket's policy has the statement C(DenyOtherAccounts), which denies every request from an account
        other than the bucket's own and O(trusted_account_ids), whatever other statements allow. Requests that AWS
        services make for themselves, such as the delivery of logs, are let through. V(false) removes this statement.
      - When omitted, not managed. It is not among the secure defaults, so that adopting a bucket cuts nobody off.
    type: bool
  trusted_account_ids:
    description: Accounts that C(DenyOtherAccounts) lets through. It grants them nothing.
    type: list
    elements: str
  policy_statements:
    description:
      - Further statements of the bucket's policy, in AWS's own form. Each needs a C(Sid), and replaces the statement
        that has it.
    type: list
    elements: dict
  purge_policy_statements:
    description:
      - Whether statements that no option asks for are removed. Has an effect only when the policy is managed, which is
        when O(require_tls), O(restrict_to_owner_account) or O(policy_statements) has a value.
    type: bool
    default: false
  abort_incomplete_multipart_upload_days:
    description:
      - After how many days the parts of an upload that was not completed are deleted (lifecycle rule
        C(AbortIncompleteMultipartUploads)). V(0) removes this rule.
      - When omitted, V(7) if O(secure_defaults=true), else not managed.
    type: int
  noncurrent_version_expiration_days:
    description:
      - After how many days a version that was overwritten or deleted is deleted for good, and with it the delete markers
        that then stand for nothing (lifecycle rule C(ExpireNoncurrentVersions)). V(0) removes this rule.
      - When omitted, not managed. It is not among the secure defaults, because it deletes data.
    type: int
  lifecycle_rules:
    description: Further lifecycle rules. Each replaces the rule that has its id.
    type: list
    elements: dict
    suboptions:
      id:
        description: The rule's id, up to 255 characters.
        type: str
        required: true
      status:
        description: Whether the rule is in force.
        type: str
        choices: [Enabled, Disabled]
        default: Enabled
      filter:
        description: Which objects the rule is for. When omitted, all. Several conditions must all hold.
        type: dict
        suboptions:
          prefix:
            description: The beginning of the objects' keys.
            type: str
          tags:
            description: Tags that the objects must have.
            type: dict
          object_size_greater_than:
            description: The objects must have more bytes than this.
            type: int
          object_size_less_than:
            description: The objects must have fewer bytes than this.
            type: int
      expiration:
        description: When current versions expire. Give exactly one of the suboptions.
        type: dict
        suboptions:
          days:
            description: Days after creation.
            type: int
          date:
            description: A date as C(YYYY-MM-DD), midnight UTC.
            type: str
          expired_object_delete_marker:
            description: Remove delete markers that stand for no version.
            type: bool
      transitions:
        description: When current versions move to another storage class.
        type: list
        elements: dict
        suboptions:
          days:
            description: Days after creation. Give either this or O(lifecycle_rules[].transitions[].date).
            type: int
          date:
            description: A date as C(YYYY-MM-DD), midnight UTC.
            type: str
          storage_class:
            description: The storage class.
            type: str
            required: true
            choices: [STANDARD_IA, ONEZONE_IA, INTELLIGENT_TIERING, GLACIER_IR, GLACIER, DEEP_ARCHIVE]
      noncurrent_version_expiration:
        description: When noncurrent versions expire.
        type: dict
        suboptions:
          noncurrent_days:
            description: Days after the version became noncurrent.
            type: int
            required: true
          newer_noncurrent_versions:
            description: How many newer noncurrent versions are kept in any case.
            type: int
      noncurrent_version_transitions:
        description: When noncurrent versions move to another storage class.
        type: list
        elements: dict
        suboptions:
          noncurrent_days:
            description: Days after the version became noncurrent.
            type: int
            required: true
          newer_noncurrent_versions:
            description: How many newer noncurrent versions stay where they are in any case.
            type: int
          storage_class:
            description: The storage class.
            type: str
            required: true
            choices: [STANDARD_IA, ONEZONE_IA, INTELLIGENT_TIERING, GLACIER_IR, GLACIER, DEEP_ARCHIVE]
      abort_incomplete_multipart_upload:
        description: When the parts of an upload that was not completed are deleted.
        type: dict
        suboptions:
          days_after_initiation:
            description: Days after the upload began.
            type: int
            required: true
  purge_lifecycle_rules:
    description:
      - Whether rules that no option asks for are removed. Has an effect only when the lifecycle is managed, which is when
        O(abort_incomplete_multipart_upload_days), O(noncurrent_version_expiration_days) or O(lifecycle_rules) has a
        value.
    type: bool
    default: false
  logging:
    description:
      - Where S3 writes a record of each request. When omitted, not managed.
      - The target bucket must be in the same region and account, and its policy must let
        C(logging.s3.amazonaws.com) write to it.
    type: dict
    suboptions:
      enabled:
        description: V(false) switches logging off.
        type: bool
        default: true
      target_bucket:
        description: The bucket that takes the logs. Needed unless O(logging.enabled=false).
        type: str
      target_prefix:
        description: The beginning of the logs' keys. When omitted, the present one, else the bucket's name and a slash.
        type: str
      partition_date_source:
        description: Write keys partitioned by date, of the event or of the delivery. When omitted, the format stays.
        type: str
        choices: [EventTime, DeliveryTime]
  cors_rules:
    description:
      - CORS rules. A rule replaces the one with its id; a rule without an id is added unless it is there. S3 takes the
        first rule that fits, and new rules go to the end.
      - When omitted, not managed.
    type: list
    elements: dict
    suboptions:
      id:
        description: The rule's id.
        type: str
      allowed_methods:
        description: The HTTP methods that are allowed.
        type: list
        elements: str
        required: true
        choices: [GET, PUT, POST, DELETE, HEAD]
      allowed_origins:
        description: The origins that may send them.
        type: list
        elements: str
        required: true
      allowed_headers:
        description: The headers that they may carry.
        type: list
        elements: str
      expose_headers:
        description: The headers of answers that scripts may see.
        type: list
        elements: str
      max_age_seconds:
        description: How long a browser may remember the answer to a preflight request.
        type: int
  purge_cors_rules:
    description: Whether O(cors_rules) is the whole list, in this order. Has an effect only with O(cors_rules).
    type: bool
    default: false
  expected_bucket_owner:
    description:
      - The account that must own the bucket. Every call insists on it.
      - When omitted, the caller's account, which costs one more call (C(sts:GetCallerIdentity)) and round trip.
      - A bucket that does not exist can only be created by a caller of this account.
    type: str
  force_delete_objects:
    description:
      - Whether O(state=absent) deletes all object versions, delete markers and incomplete uploads with the bucket. There
        is no way to get them back.
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - mlops.sagemaker_mlflow.attributes
  - mlops.sagemaker_mlflow.attributes.tags
notes:
  - The caller needs these IAM actions on the bucket, each only when its option has a value (by O(secure_defaults) or
    by the task). O(versioning) needs C(s3:GetBucketVersioning) and C(s3:PutBucketVersioning). O(encryption) needs
    C(s3:GetEncryptionConfiguration) and C(s3:PutEncryptionConfiguration), and C(kms:DescribeKey) when O(kms_key_id) is an
    alias. O(public_access_block) needs C(s3:GetBucketPublicAccessBlock) and C(s3:PutBucketPublicAccessBlock).
    O(object_ownership) needs C(s3:GetBucketOwnershipControls) and C(s3:PutBucketOwnershipControls). The policy needs
    C(s3:GetBucketPolicy), C(s3:PutBucketPolicy) and, to remove the last statement, C(s3:DeleteBucketPolicy). The lifecycle
    needs C(s3:GetLifecycleConfiguration) and C(s3:PutLifecycleConfiguration). O(logging) needs C(s3:GetBucketLogging) and
    C(s3:PutBucketLogging). O(cors_rules) needs C(s3:GetBucketCORS) and C(s3:PutBucketCORS). O(tags) needs
    C(s3:GetBucketTagging) and C(s3:PutBucketTagging). When no option has a value, C(s3:ListBucket) is needed.
  - Creating the bucket needs C(s3:CreateBucket), with tags C(s3:TagResource), and with O(object_ownership)
    C(s3:PutBucketOwnershipControls).
  - O(state=absent) needs C(s3:DeleteBucket), C(s3:ListBucketVersions) and C(s3:ListBucketMultipartUploads), and with
    O(force_delete_objects=true) also C(s3:DeleteObject), C(s3:DeleteObjectVersion) and C(s3:AbortMultipartUpload).
  - The bucket must be in the region of the task, because MLflow needs it there. A bucket elsewhere is an error.
  - Check mode needs the permissions to read only.
seealso:
  - module: mlops.sagemaker_mlflow.iam_mlflow_role
  - module: mlops.sagemaker_mlflow.sagemaker_mlflow_server
"""

EXAMPLES = r"""
- name: A bucket with secure defaults
  mlops.sagemaker_mlflow.s3_mlflow_bucket:
    name: mlflow-staging-mlflow-artifacts-a
    region: eu-central-1
    tags:
      Project: mlflow
      Environment: staging

- name: A bucket with a KMS key, expiring old versions, logging its requests
  mlops.sagemaker_mlflow.s3_mlflow_bucket:
    name: mlflow-production-mlflow-artifacts-a
    region: eu-central-1
    kms_key_id: alias/mlflow
    noncurrent_version_expiration_days: 90
    restrict_to_owner_account: true
    trusted_account_ids: ["210987654321"]
    logging:
      target_bucket: access-logs-123456789012
    lifecycle_rules:
      - id: ArchiveOldRuns
        filter:
          prefix: archive/
        transitions:
          - days: 30
            storage_class: GLACIER_IR

- name: Only tag a bucket that somebody else runs, and leave everything else alone
  mlops.sagemaker_mlflow.s3_mlflow_bucket:
    name: sagemaker-studio-staging-ml-bucket
    secure_defaults: false
    tags:
      Service: mlflow

- name: Let a role of another account read the artifacts
  mlops.sagemaker_mlflow.s3_mlflow_bucket:
    name: mlflow-staging-mlflow-artifacts-a
    policy_statements:
      - Sid: AllowTrainingAccount
        Effect: Allow
        Principal:
          AWS: arn:aws:iam::210987654321:role/training
        Action: ["s3:GetObject", "s3:ListBucket"]
        Resource:
          - arn:aws:s3:::mlflow-staging-mlflow-artifacts-a
          - arn:aws:s3:::mlflow-staging-mlflow-artifacts-a/*

- name: Delete the bucket with everything in it
  mlops.sagemaker_mlflow.s3_mlflow_bucket:
    name: mlflow-staging-mlflow-artifacts-a
    state: absent
    force_delete_objects: true
"""

RETURN = r"""
action:
  description: What happened to the bucket as a whole (in check mode, what would). V(create), V(update), V(delete) or V(none).
  returned: success
  type: str
  sample: update
changes:
  description: What was changed, in order (in check mode, what would be).
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: V(bucket), V(objects), or the name of the setting's key in this result.
      type: str
      sample: versioning
    action:
      description: V(create), V(update) or V(delete).
      type: str
      sample: update
    before:
      description: The former value, null when there was none.
      type: raw
      sample: Suspended
    after:
      description: The new value, null when there is none.
      type: raw
      sample: Enabled
name:
  description: The bucket's name.
  returned: success
  type: str
  sample: mlflow-staging-mlflow-artifacts-a
arn:
  description: The bucket's ARN.
  returned: success
  type: str
  sample: arn:aws:s3:::mlflow-staging-mlflow-artifacts-a
region:
  description: The bucket's region.
  returned: success
  type: str
  sample: eu-central-1
account_id:
  description: The account that owns the bucket.
  returned: success
  type: str
  sample: "123456789012"
exists:
  description: Whether the bucket is there at the end of the task (in check mode, whether it would be).
  returned: success
  type: bool
  sample: true
versioning:
  description: V(Enabled), V(Suspended), or V(Unversioned) when it never was enabled. Null when not managed by the task.
  returned: success
  type: str
  sample: Enabled
encryption:
  description: The default encryption. Null when not managed by the task.
  returned: success
  type: dict
  contains:
    sse_algorithm:
      description: The algorithm.
      type: str
      sample: aws:kms
    kms_key_id:
      description: The key's ARN, null for the AWS managed key and for V(AES256).
      type: str
      sample: arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab
    bucket_key_enabled:
      description: Whether bucket keys are used.
      type: bool
      sample: true
public_access_block:
  description: The four switches. Null when not managed by the task.
  returned: success
  type: dict
  sample:
    block_public_acls: true
    ignore_public_acls: true
    block_public_policy: true
    restrict_public_buckets: true
object_ownership:
  description: Who owns objects of other writers. Null when not managed by the task.
  returned: success
  type: str
  sample: BucketOwnerEnforced
policy:
  description: The bucket's policy as AWS has it, empty when there is none. Null when not managed by the task.
  returned: success
  type: dict
  sample:
    Version: "2012-10-17"
    Statement:
      - Sid: DenyInsecureTransport
        Effect: Deny
        Principal: "*"
        Action: "s3:*"
        Resource:
          - arn:aws:s3:::mlflow-staging-mlflow-artifacts-a
          - arn:aws:s3:::mlflow-staging-mlflow-artifacts-a/*
        Condition:
          Bool:
            aws:SecureTransport: "false"
lifecycle_rules:
  description: All lifecycle rules by id, in the form of the option, without what was not set. Null when not managed by the task.
  returned: success
  type: list
  elements: dict
  sample:
    - id: AbortIncompleteMultipartUploads
      status: Enabled
      filter: {}
      abort_incomplete_multipart_upload:
        days_after_initiation: 7
logging:
  description: Where requests are recorded, empty when they are not. Null when not managed by the task.
  returned: success
  type: dict
  sample:
    target_bucket: access-logs-123456789012
    target_prefix: mlflow-staging-mlflow-artifacts-a/
    partition_date_source: null
cors_rules:
  description: All CORS rules in their order. Null when not managed by the task.
  returned: success
  type: list
  elements: dict
  sample: []
tags:
  description: All tags of the bucket. Null when not managed by the task.
  returned: success
  type: dict
  sample:
    Project: mlflow
deleted_objects:
  description:
    - How many object versions, delete markers and incomplete uploads were deleted.
    - Null in check mode when there are more than one page of a listing shows.
  returned: success
  type: int
  sample: 0
"""

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket import make_bucket
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_arguments import bucket
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import run


def main() -> None:
    """Run the module."""
    run(AwsModule(argument_spec=bucket(), supports_check_mode=True), make_bucket)


if __name__ == "__main__":
    main()
