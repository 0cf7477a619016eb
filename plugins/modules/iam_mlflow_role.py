#!/usr/bin/python
# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_mlflow_role
version_added: 0.1.0
short_description: Manage the service role of an Amazon SageMaker managed MLflow
description:
  - Creates, changes and deletes the IAM role that SageMaker takes to run an MLflow tracking server or an MLflow App.
  - The module writes the trust policy and the least that the service needs. The inline policy C(MLflowBasicAccess) is for the
    artifact store and, when wished, for the SageMaker Model Registry; C(MLflowKMSAccess) is for the key of the artifact store.
    Both belong to this module. What another tool put into them is replaced. C(MLflowKMSAccess) stays as it is when
    O(kms_key_id) is omitted, and is removed when that is empty.
  - All other policies, tags and trust statements stay, unless a purge option says otherwise.
  - In the trust policy the statement of this module takes the place of every other one that lets SageMaker take the role.
    Statements that let others take it, or that let SageMaker do more (as C(sts:SetSourceIdentity)), stay.
options:
  name:
    description:
      - The name of the role. Letters, digits and C(_+=,.@-), at most 64 characters.
    type: str
    required: true
    aliases: [role_name]
  state:
    description:
      - V(present) makes sure that the role exists and is as described.
        A role that exists is adopted when SageMaker may take it already, or when it carries a policy of this module; any other
        role belongs to somebody else and is left alone with an error.
      - V(absent) removes all policies from the role and deletes it. A role that also others may take, or that is in an instance
        profile, is left alone with an error.
    type: str
    choices: [present, absent]
    default: present
  artifact_store_uri:
    description:
      - Where the artifacts are, as in V(s3://bucket/prefix). The role may read, write and list what is below the prefix.
      - With a prefix, the role cannot list the rest of the bucket. Should AWS refuse a server for that, allow C(s3:ListBucket) on
        the whole bucket with O(inline_policies).
      - Needed when O(state=present).
    type: str
  kms_key_id:
    description:
      - The KMS key that encrypts the artifact bucket, as key id, key ARN, alias or alias ARN. It must be in the bucket's region.
      - When omitted, a new role gets no access to a key, and a role that has C(MLflowKMSAccess) keeps it, so that a bucket
        which is encrypted stays in reach. An empty string removes it.
    type: str
  model_registration:
    description:
      - Whether the role may write to the SageMaker Model Registry, which automatic model registration needs.
    type: bool
    default: false
  artifact_deletion:
    description:
      - Whether the role may delete artifacts, which C(mlflow gc) and the deletion of artifacts through MLflow need.
    type: bool
    default: false
  confused_deputy_protection:
    description:
      - Whether SageMaker may take the role only on behalf of O(source_account) and O(source_arn).
      - AWS does not document which of the two keys MLflow sends. When a server or App cannot be created because SageMaker is
        "unable to perform sts:AssumeRole", even minutes later, switch this off.
    type: bool
    default: true
  source_account:
    description:
      - The account that SageMaker must act for, 12 digits in quotes. The role's own account when omitted.
    type: str
  source_arn:
    description:
      - The SageMaker resources that SageMaker must act for; C(*) and C(?) are wildcards.
      - When omitted, all of the account's SageMaker resources in O(region). A role that serves several regions needs one pattern
        for each region, or C(*) as the region.
    type: list
    elements: str
  inline_policies:
    description:
      - Further inline policies, from name to document (a dictionary or JSON text).
      - C(MLflowBasicAccess) and C(MLflowKMSAccess) are not allowed here.
    type: dict
  purge_inline_policies:
    description:
      - Whether inline policies that are neither in O(inline_policies) nor of this module are removed.
    type: bool
    default: false
  managed_policies:
    description:
      - Managed policies to attach, by ARN. A name without C(arn:) means a policy of AWS, as V(AmazonS3ReadOnlyAccess).
    type: list
    elements: str
  purge_managed_policies:
    description:
      - Whether managed policies that O(managed_policies) does not name are detached.
    type: bool
    default: false
  permissions_boundary:
    description:
      - The ARN of the managed policy that limits what the role can be allowed; an empty string removes the limit.
    type: str
  path:
    description:
      - The path of the role, with a slash at both ends. V(/) for a new role when omitted.
      - It is part of the ARN and cannot change.
    type: str
  description:
    description:
      - A description of the role, at most 1000 characters; an empty string removes it.
    type: str
  max_session_duration:
    description:
      - The longest session, from 3600 to 43200 seconds. 3600 for a new role when omitted.
    type: int
  wait:
    description:
      - Whether to wait after a change until IAM shows it, and then for O(propagation_delay).
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds to wait until IAM shows what was written.
    type: int
    default: 120
  propagation_delay:
    description:
      - Seconds to wait after the role was created, or its trust or policies were changed. Other services act on that some seconds
        later than IAM shows it, and nothing in AWS tells when. A server that is created too early may end as C(CreateFailed).
      - M(mlops.sagemaker_mlflow.sagemaker_mlflow_server) also repeats a create that AWS refuses for this reason, so V(0) is safe
        there. AWS documents up to 15 minutes for changes to the role of an App.
    type: int
    default: 10
  bulk_read:
    description:
      - Whether to read all roles of the account with C(iam:GetAccountAuthorizationDetails) instead of this one's policies one by one.
        One look serves all hosts of a run whose tasks run on the controller, as those of M(mlops.sagemaker_mlflow.mlflow_environment)
        do. So a fleet makes one call for a role instead of four or more, which helps when IAM throttles.
      - The call shows every role of the account, so it is no part of the rights that the module needs otherwise. What seems to
        differ is read again one by one before anything is planned.
    type: bool
    default: false
notes:
  - Needs C(iam:GetRole), C(iam:ListRolePolicies), C(iam:GetRolePolicy) and C(iam:ListAttachedRolePolicies) to read, also in check
    mode, and C(kms:DescribeKey) when O(kms_key_id) is an alias. C(sts:GetCallerIdentity) is called when the role does not exist;
    it needs no permission. With O(bulk_read), C(iam:GetAccountAuthorizationDetails) comes first.
  - To change, needs C(iam:CreateRole) and C(iam:TagRole) for a new role, C(iam:PutRolePolicy) and C(iam:DeleteRolePolicy) for inline
    policies, C(iam:AttachRolePolicy) and C(iam:DetachRolePolicy) for managed ones, C(iam:UpdateAssumeRolePolicy),
    C(iam:UpdateRole), C(iam:PutRolePermissionsBoundary), C(iam:DeleteRolePermissionsBoundary), C(iam:TagRole) and
    C(iam:UntagRole) for what their names say.
  - To delete, needs C(iam:ListInstanceProfilesForRole), C(iam:DetachRolePolicy), C(iam:DeleteRolePolicy) and C(iam:DeleteRole).
  - Delete the tracking server or App before its role. Without the role it can no longer reach its artifacts.
  - Roles are global, but the policies name O(region). Give servers in different regions roles of different names.
seealso:
  - name: IAM permissions of MLflow tracking servers
    description: What AWS says that the service role needs.
    link: https://docs.aws.amazon.com/sagemaker/latest/dg/mlflow-create-tracking-server-iam.html
  - module: mlops.sagemaker_mlflow.sagemaker_mlflow_server
  - module: mlops.sagemaker_mlflow.s3_mlflow_bucket
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - mlops.sagemaker_mlflow.attributes
  - mlops.sagemaker_mlflow.attributes.tags
author: The mlops.sagemaker_mlflow contributors (@mlops)
"""

EXAMPLES = r"""
- name: A role for a server with its own bucket
  mlops.sagemaker_mlflow.iam_mlflow_role:
    name: mlflow-staging-mlflow-role
    artifact_store_uri: s3://mlflow-staging-mlflow-artifacts-a1
    model_registration: true
    tags:
      Project: mlflow
      Environment: staging
  register: role

- name: A prefix of a shared, encrypted bucket; further policies; a boundary
  mlops.sagemaker_mlflow.iam_mlflow_role:
    name: mlflow-production-mlflow-role
    path: /mlflow/
    artifact_store_uri: s3://company-artifacts/mlflow/production
    kms_key_id: alias/company-artifacts
    managed_policies:
      - arn:aws:iam::123456789012:policy/company-logging
    inline_policies:
      read-features:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: s3:GetObject
            Resource: arn:aws:s3:::company-features/*
    permissions_boundary: arn:aws:iam::123456789012:policy/company-boundary

- name: Exactly what is listed here, and nothing that was added by hand
  mlops.sagemaker_mlflow.iam_mlflow_role:
    name: mlflow-staging-mlflow-role
    artifact_store_uri: s3://mlflow-staging-mlflow-artifacts-a1
    purge_inline_policies: true
    purge_managed_policies: true
    managed_policies: []

- name: One role for the servers of all regions
  mlops.sagemaker_mlflow.iam_mlflow_role:
    name: mlflow-role
    artifact_store_uri: s3://company-artifacts/mlflow
    source_arn: ["arn:aws:sagemaker:*:123456789012:*"]

- name: Delete the role, after the server
  mlops.sagemaker_mlflow.iam_mlflow_role:
    name: mlflow-staging-mlflow-role
    state: absent
"""

RETURN = r"""
action:
  description: What happened to the role, or would happen in check mode.
  returned: success
  type: str
  sample: create
changes:
  description: What differed, in the order in which it was made true.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: What differed, in the words of the options.
      type: str
      sample: inline_policies.MLflowBasicAccess
    action:
      description: V(create), V(update) or V(delete).
      type: str
      sample: update
    before:
      description: The value before; null when absent.
      type: raw
    after:
      description: The value after; null when it goes away.
      type: raw
name:
  description: The name of the role.
  returned: success
  type: str
  sample: mlflow-staging-mlflow-role
arn:
  description: The ARN of the role; in check mode the one that it will have.
  returned: success
  type: str
  sample: arn:aws:iam::123456789012:role/mlflow-staging-mlflow-role
account_id:
  description: The account of the role.
  returned: success
  type: str
  sample: "123456789012"
region:
  description: The Region for which the role is, as in its policies.
  returned: success
  type: str
  sample: eu-west-1
path:
  description: The path of the role.
  returned: success
  type: str
  sample: /
role_id:
  description: AWS's unique id of the role; null when the role does not exist, or does not exist yet.
  returned: success
  type: str
  sample: AROAEXAMPLEID
create_date:
  description: When the role was created; null when it does not exist, or does not exist yet.
  returned: success
  type: str
  sample: "2026-11-23T10:00:00+00:00"
description:
  description: The description of the role.
  returned: success
  type: str
  sample: ""
max_session_duration:
  description: The longest session in seconds.
  returned: success
  type: int
  sample: 3600
assume_role_policy_document:
  description: The trust policy, as AWS has it.
  returned: success
  type: dict
  sample:
    Version: "2012-10-17"
    Statement:
      - Effect: Allow
        Principal: {Service: sagemaker.amazonaws.com}
        Action: sts:AssumeRole
inline_policies:
  description: The documents of the inline policies that are managed here, by name, as AWS has them.
  returned: success
  type: dict
  sample: {}
other_inline_policies:
  description: The names of the inline policies that others put into the role.
  returned: success
  type: list
  elements: str
  sample: []
managed_policies:
  description: The ARNs of all attached managed policies.
  returned: success
  type: list
  elements: str
  sample: [arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess]
permissions_boundary:
  description: The ARN of the permissions boundary; null when there is none.
  returned: success
  type: str
  sample: arn:aws:iam::123456789012:policy/company-boundary
tags:
  description: All tags of the role.
  returned: success
  type: dict
  sample: {Project: mlflow}
kms_key_arn:
  description: The ARN of the key that O(kms_key_id) names; null without one.
  returned: success
  type: str
  sample: arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab
"""

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _arguments as arguments
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import run
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role import from_module


def main() -> None:
    """Declare the options and converge."""
    module = AwsModule(
        argument_spec=arguments.role(),
        required_if=[("state", "present", ["artifact_store_uri"])],
        supports_check_mode=True,
    )
    run(module, from_module)


if __name__ == "__main__":
    main()
