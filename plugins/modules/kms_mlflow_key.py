#!/usr/bin/python
# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kms_mlflow_key
version_added: 0.1.0
short_description: Manage the KMS key of an Amazon SageMaker managed MLflow
description:
  - Creates and changes a customer-managed KMS key with its alias, rotation and policy, for the artifacts of MLflow and for what
    SageMaker keeps of an MLflow App.
  - The policy of a new key lets the account administer it and lets nobody use it but O(users), for objects of S3, and
    O(app_creators), who hand it to SageMaker. Users and creators also need an IAM policy that allows them the same.
  - A key is known by its alias. One that exists is adopted when it is a symmetric encryption key of the account.
  - A key is never deleted with one word. O(state=absent) needs O(delete_key), and AWS then waits O(deletion_window_in_days), in
    which O(state=present) takes the deletion back.
options:
  alias:
    description:
      - The alias of the key, with or without C(alias/) before it.
      - It is how the key is found, so it cannot change. An alias that belongs to another key is never moved.
    type: str
    required: true
    aliases: [name]
  state:
    description:
      - V(present) makes sure that the key exists, can be used and is as described. A pending deletion is cancelled.
      - V(absent) schedules the deletion of the key.
    type: str
    choices: [present, absent]
    default: present
  key_id:
    description:
      - The id or ARN of a key that exists, which gets the alias and is managed from then on.
      - When omitted, the key is the one that has the alias, and is made when there is none.
    type: str
  description:
    description:
      - The description of the key. When omitted, it is left as it is.
    type: str
  enabled:
    description:
      - Whether the key can be used. A disabled key keeps everything that it encrypts from being read, until it is enabled again.
    type: bool
    default: true
  enable_key_rotation:
    description:
      - Whether AWS makes new key material regularly. What was encrypted before stays readable. It cannot change while the key is
        disabled.
    type: bool
    default: true
  rotation_period_in_days:
    description:
      - The days between two rotations, from 90 to 2560. When omitted, 365 for a key that was not rotated before.
    type: int
  multi_region:
    description:
      - Whether the key can be replicated to other Regions. It is decided when the key is made, and cannot change. When omitted, a
        new key is of one Region.
    type: bool
  administrators:
    description:
      - IAM roles and users who may administer the key without an IAM policy that says so, by ARN or as V(role/name) of this
        account. They must exist. They may not use the key.
      - The account itself may always administer the key, so that nobody can be locked out. In it, IAM policies say who.
    type: list
    elements: str
  users:
    description:
      - Who may read and write what the key encrypts in S3, and only through S3, as the service role and the roles of clients. By
        ARN, as V(role/path/name) or V(user/name) of this account, or a whole account by its id. C(*) and C(?) are wildcards in names.
      - They need not exist yet. They also need an IAM policy that allows them C(kms:Decrypt) and C(kms:GenerateDataKey).
    type: list
    elements: str
  buckets:
    description:
      - Names of the buckets whose objects O(users) may use the key for. All buckets when omitted.
    type: list
    elements: str
  app_key:
    description:
      - Whether the key may be the key of MLflow Apps. Who creates the App then hands it to SageMaker by a grant.
    type: bool
    default: false
  app_creators:
    description:
      - Who may create Apps with this key, in the forms of O(users). Everybody in the account whom IAM allows when omitted.
    type: list
    elements: str
  policy_statements:
    description:
      - Further statements of the key's policy, each with a C(Sid). V(*) is the C(Resource) of one that has none.
    type: list
    elements: dict
  purge_policy_statements:
    description:
      - Whether statements that are neither of this module nor in O(policy_statements) are removed, such as the one of a key that
        was made in the console, which lets IAM policies of the account allow everything.
    type: bool
    default: false
  deletion_window_in_days:
    description:
      - The days, from 7 to 30, that AWS waits before it deletes the key.
    type: int
    default: 30
  delete_key:
    description:
      - Whether O(state=absent) may schedule the deletion. Everything that the key encrypts is lost with it, in all buckets.
    type: bool
    default: false
  wait:
    description:
      - Whether to wait after a change until KMS shows it.
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds to wait until KMS shows what was written.
    type: int
    default: 120
notes:
  - In check mode, a key that does not exist yet has the id C(00000000-0000-0000-0000-000000000000), as AWS chooses the real one.
  - Needs C(kms:DescribeKey), C(kms:GetKeyPolicy) and C(kms:GetKeyRotationStatus) to read, and C(kms:ListResourceTags) when
    O(tags) is set. C(sts:GetCallerIdentity) is called when the key does not exist; it needs no permission.
  - To create, needs C(kms:CreateKey), C(kms:CreateAlias), C(kms:EnableKeyRotation) and, with tags, C(kms:TagResource).
    C(kms:ListKeys) and C(kms:ListAliases) let it find, and go on with, the key of a run that ended before the key had its alias.
    Without them such a key stays, and another is made.
  - To change, needs C(kms:PutKeyPolicy), C(kms:UpdateKeyDescription), C(kms:EnableKeyRotation), C(kms:DisableKeyRotation),
    C(kms:EnableKey), C(kms:DisableKey), C(kms:TagResource), C(kms:UntagResource) and C(kms:CancelKeyDeletion) for what their names say.
  - To delete, needs C(kms:ScheduleKeyDeletion).
  - A key costs about 1 USD a month, and so does each of its first two rotations; requests cost too, which bucket keys keep few.
seealso:
  - name: Protect data at rest of MLflow Apps
    description: What AWS says about keys of MLflow Apps.
    link: https://docs.aws.amazon.com/sagemaker/latest/dg/mlflow-kms.html
  - module: mlops.sagemaker_mlflow.s3_mlflow_bucket
  - module: mlops.sagemaker_mlflow.iam_mlflow_role
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - mlops.sagemaker_mlflow.attributes
  - mlops.sagemaker_mlflow.attributes.tags
author: The mlops.sagemaker_mlflow contributors (@mlops)
"""

EXAMPLES = r"""
- name: A key for the artifacts of one server, used by its role and by the clients of a team
  mlops.sagemaker_mlflow.kms_mlflow_key:
    alias: mlflow-staging
    description: Artifacts of mlflow-staging-mlflow
    users:
      - role/mlflow-staging-mlflow-role
      - role/team-vision-*
    buckets: [mlflow-staging-mlflow-artifacts-a1]
    tags:
      Project: mlflow
  register: key

- name: A bucket that is encrypted with it
  mlops.sagemaker_mlflow.s3_mlflow_bucket:
    name: mlflow-staging-mlflow-artifacts-a1
    kms_key_id: "{{ key.arn }}"

- name: A key that MLflow Apps have too, rotated twice a year, administered by the security team
  mlops.sagemaker_mlflow.kms_mlflow_key:
    alias: mlflow-apps
    rotation_period_in_days: 180
    administrators: ["arn:aws:iam::123456789012:role/security"]
    users: [role/mlflow-app-role, "210987654321"]
    app_key: true
    app_creators: [role/deployer]

- name: Take over a key that was made in the console, without its statement that lets IAM policies allow everything
  mlops.sagemaker_mlflow.kms_mlflow_key:
    alias: mlflow-production
    key_id: 1234abcd-12ab-34cd-56ef-1234567890ab
    users: [role/mlflow-production-mlflow-role]
    purge_policy_statements: true

- name: Schedule the deletion; everything that the key encrypts will be lost
  mlops.sagemaker_mlflow.kms_mlflow_key:
    alias: mlflow-staging
    state: absent
    delete_key: true
    deletion_window_in_days: 7
"""

RETURN = r"""
action:
  description: What happened to the key, or would happen in check mode.
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
      sample: policy
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
alias:
  description: The alias of the key.
  returned: success
  type: str
  sample: alias/mlflow-staging
alias_arn:
  description: The ARN of the alias.
  returned: success
  type: str
  sample: arn:aws:kms:us-east-1:123456789012:alias/mlflow-staging
arn:
  description: The ARN of the key; null when there is none. In check mode, one with an id of zeros when the key does not exist yet.
  returned: success
  type: str
  sample: arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab
key_id:
  description: The id of the key, as in its ARN; null when there is none.
  returned: success
  type: str
  sample: 1234abcd-12ab-34cd-56ef-1234567890ab
account_id:
  description: The account of the key.
  returned: success
  type: str
  sample: "123456789012"
region:
  description: The Region of the key.
  returned: success
  type: str
  sample: us-east-1
key_state:
  description: The state of the key, as V(Enabled), V(Disabled) or V(PendingDeletion); null when there is none.
  returned: success
  type: str
  sample: Enabled
description:
  description: The description of the key.
  returned: success
  type: str
  sample: Artifacts of mlflow-staging-mlflow
multi_region:
  description: Whether the key can be replicated to other Regions.
  returned: success
  type: bool
  sample: false
enable_key_rotation:
  description: Whether the key is rotated.
  returned: success
  type: bool
  sample: true
rotation_period_in_days:
  description: The days between two rotations; null when the key is not rotated.
  returned: success
  type: int
  sample: 365
policy:
  description: The policy of the key, as AWS has it.
  returned: success
  type: dict
  sample:
    Version: "2012-10-17"
    Statement: []
tags:
  description: All tags of the key; empty when O(tags) was not set.
  returned: success
  type: dict
  sample: {Project: mlflow}
creation_date:
  description: When the key was made; null when there is none, or not yet.
  returned: success
  type: str
  sample: "2026-11-23T10:00:00+00:00"
deletion_date:
  description: When AWS will delete the key; null when it will not, and in check mode.
  returned: success
  type: str
  sample: "2026-12-23T10:00:00+00:00"
"""

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import run
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._key import from_module


def main() -> None:
    """Declare the options and converge."""
    module = AwsModule(
        argument_spec={
            "alias": {"type": "str", "required": True, "aliases": ["name"]},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "key_id": {"type": "str", "no_log": False},
            "description": {"type": "str"},
            "enabled": {"type": "bool", "default": True},
            "enable_key_rotation": {"type": "bool", "default": True, "no_log": False},
            "rotation_period_in_days": {"type": "int"},
            "multi_region": {"type": "bool"},
            "administrators": {"type": "list", "elements": "str"},
            "users": {"type": "list", "elements": "str"},
            "buckets": {"type": "list", "elements": "str"},
            "app_key": {"type": "bool", "default": False, "no_log": False},
            "app_creators": {"type": "list", "elements": "str"},
            "policy_statements": {"type": "list", "elements": "dict"},
            "purge_policy_statements": {"type": "bool", "default": False},
            "deletion_window_in_days": {"type": "int", "default": 30},
            "delete_key": {"type": "bool", "default": False, "no_log": False},
            "tags": {"type": "dict", "aliases": ["resource_tags"]},
            "purge_tags": {"type": "bool", "default": False},
            "wait": {"type": "bool", "default": True},
            "wait_timeout": {"type": "int", "default": 120},
        },
        supports_check_mode=True,
    )
    run(module, from_module)


if __name__ == "__main__":
    main()
