#!/usr/bin/python
# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_mlflow_client_policy
version_added: 0.1.0
short_description: Manage what people and jobs may do in an Amazon SageMaker managed MLflow
description:
  - Writes the IAM policy that a profile needs on tracking servers, on Apps and on their artifacts, and gives it to roles (the
    execution roles of SageMaker Studio among them) and to groups. It is an inline policy of each of them, or one customer-managed
    policy that is attached to them.
  - All other policies of the roles and groups stay. A policy of the same name that allows nothing in MLflow belongs to somebody else
    and is left alone with an error.
  - A tracking server has 61 actions, which the profiles share out. B(An App has one action for all of MLflow's API),
    C(sagemaker:CallMlflowAppApi), which cannot be split. On an App every profile can read, write and delete everything, and the module
    warns of it. Only the rights on the artifacts in S3 differ.
  - There is no resource below a server or an App. A profile is for all of its experiments and models.
options:
  name:
    description:
      - The name of the policy. Letters, digits and C(_+=,.@-), at most 128 characters.
    type: str
    required: true
    aliases: [policy_name]
  state:
    description:
      - V(present) makes sure that the policy is as described and that O(roles) and O(groups) have it.
      - V(absent) removes an inline policy from O(roles) and O(groups), or takes a managed policy from everybody who has it and deletes
        it with all its versions.
    type: str
    choices: [present, absent]
    default: present
  policy_type:
    description:
      - V(inline) for a policy in each role and group, V(managed) for a customer-managed policy.
      - After a change, the policy of the other type stays until it is removed with O(state=absent).
    type: str
    choices: [inline, managed]
    default: inline
  profiles:
    description:
      - What the clients may do. Several profiles add up. Needed when O(state=present).
      - V(reader) sees experiments, runs, traces and models, and reads artifacts.
      - V(writer) also logs runs, traces and models, writes artifacts, and registers models and versions of them.
      - V(registry) is a reader who also manages the model registry, with aliases, stages, tags and deletions.
      - V(admin) may do all of that, delete and restore everything, delete artifacts, and open the UI.
      - V(ui) may make links to the UI and open them, and nothing else. Whoever also uses the client adds another profile.
    type: list
    elements: str
    choices: [reader, writer, registry, admin, ui]
  resource_arns:
    description:
      - The ARNs of the tracking servers and Apps. Needed when O(state=present).
      - With O(resource_tag_conditions) or O(principal_tag_conditions) also C(*) in place of the name or id.
    type: list
    elements: str
  additional_actions:
    description:
      - Actions of C(sagemaker-mlflow) on the tracking servers beyond those of O(profiles).
      - MLflow has calls that AWS's Service Authorization Reference does not list, and AWS does not document what they need. When a call
        is denied, the error names the action; allow it here.
    type: list
    elements: str
  artifact_store_uri:
    description:
      - Where the artifacts are, as in V(s3://bucket/prefix). MLflow's client reads and writes them in S3 by itself.
      - When omitted, the policy has no rights in S3. That is right for clients that upload through presigned URLs
        (C(SAGEMAKER_PRESIGNED_URL_UPLOAD_ENABLED)), and for the profile V(ui), which needs none.
    type: str
  kms_key_id:
    description:
      - The KMS key that encrypts the artifact store, as key id, key ARN, alias or alias ARN.
    type: str
  roles:
    description:
      - The roles that get the policy, by name or ARN.
    type: list
    elements: str
  groups:
    description:
      - The groups that get the policy, by name or ARN.
    type: list
    elements: str
  purge_attachments:
    description:
      - Whether a managed policy is detached from roles and groups that O(roles) and O(groups) do not name.
    type: bool
    default: false
  path:
    description:
      - The path of a managed policy, with a slash at both ends. V(/) when omitted. It is part of the ARN.
    type: str
  resource_tag_conditions:
    description:
      - Tags that a tracking server or App must carry. AWS documents up to 15 minutes until a change of tags counts.
      - They do not limit the artifacts in S3, nor C(AccessUI), which has no resource.
    type: dict
  principal_tag_conditions:
    description:
      - Keys of tags that must have the same value on the client and on the tracking server or App.
    type: list
    elements: str
  source_vpce:
    description:
      - The ids of the VPC endpoints through which requests must come, those to MLflow, SageMaker and S3 alike.
      - Such a condition needs IAM authentication. Links to the UI then work from inside the VPC only.
      - O(source_vpce), O(source_vpc) and O(source_ip) exclude each other.
    type: list
    elements: str
  source_vpc:
    description:
      - The ids of the VPCs from which requests must come, through VPC endpoints.
    type: list
    elements: str
  source_ip:
    description:
      - The public addresses, or ranges in CIDR notation, from which requests must come. Requests through VPC endpoints have none.
    type: list
    elements: str
  tags:
    description:
      - Tags of a managed policy.
  wait:
    description:
      - Whether to wait after a change until IAM shows it.
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds to wait until IAM shows what was written.
    type: int
    default: 120
notes:
  - For an inline policy, needs C(iam:GetRolePolicy) and C(iam:GetRole) for roles, C(iam:GetGroupPolicy) and C(iam:GetGroup) for groups,
    also in check mode; to change, C(iam:PutRolePolicy) and C(iam:PutGroupPolicy); to delete, C(iam:DeleteRolePolicy) and
    C(iam:DeleteGroupPolicy).
  - For a managed policy, needs C(iam:GetPolicy), C(iam:GetPolicyVersion), C(iam:ListPolicyVersions), C(iam:ListEntitiesForPolicy),
    C(iam:GetRole) and C(iam:GetGroup), also in check mode; to change, C(iam:CreatePolicy), C(iam:CreatePolicyVersion),
    C(iam:DeletePolicyVersion), C(iam:AttachRolePolicy), C(iam:AttachGroupPolicy), C(iam:DetachRolePolicy), C(iam:DetachGroupPolicy),
    C(iam:TagPolicy) and C(iam:UntagPolicy); to delete, C(iam:DetachRolePolicy), C(iam:DetachGroupPolicy), C(iam:DetachUserPolicy),
    C(iam:DeletePolicyVersion) and C(iam:DeletePolicy).
  - Needs C(kms:DescribeKey) when O(kms_key_id) is an alias. C(sts:GetCallerIdentity), which needs no permission, is called for a managed
    policy, for a key id, and when roles or groups are given by ARN.
  - IAM keeps five versions of a managed policy. Before a sixth is made, the oldest that is not in force is deleted.
  - A managed policy that is a permissions boundary is not deleted.
seealso:
  - name: Actions of Amazon SageMaker with MLflow
    description: The 61 actions that the profiles share out.
    link: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemakerwithmlflow.html
  - module: mlops.sagemaker_mlflow.iam_mlflow_role
  - module: mlops.sagemaker_mlflow.sagemaker_mlflow_server
  - module: mlops.sagemaker_mlflow.sagemaker_mlflow_app
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - mlops.sagemaker_mlflow.attributes
  - mlops.sagemaker_mlflow.attributes.tags
author: The mlops.sagemaker_mlflow contributors (@mlops)
"""

EXAMPLES = r"""
- name: Data scientists in SageMaker Studio log runs and models
  mlops.sagemaker_mlflow.iam_mlflow_client_policy:
    name: mlflow-staging-writer
    profiles: [writer, ui]
    resource_arns:
      - arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/mlflow-staging-mlflow
    artifact_store_uri: s3://mlflow-staging-mlflow-artifacts-a1
    kms_key_id: alias/mlflow-staging
    roles:
      - arn:aws:iam::123456789012:role/service-role/AmazonSageMaker-ExecutionRole-20261101T101010

- name: One managed policy for auditors, who may only read, and only from the office
  mlops.sagemaker_mlflow.iam_mlflow_client_policy:
    name: mlflow-reader
    policy_type: managed
    profiles: [reader]
    resource_arns:
      - arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/mlflow-staging-mlflow
      - arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/mlflow-production-mlflow
    artifact_store_uri: s3://company-artifacts/mlflow
    source_ip: [203.0.113.0/24]
    groups: [auditors]
    tags:
      Service: mlflow

- name: Each team uses the servers that carry its tag
  mlops.sagemaker_mlflow.iam_mlflow_client_policy:
    name: mlflow-own-team
    policy_type: managed
    profiles: [writer]
    resource_arns:
      - arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/*
    principal_tag_conditions: [Team]
    roles: [vision, speech]

- name: Promotion of models, by a pipeline inside the VPC
  mlops.sagemaker_mlflow.iam_mlflow_client_policy:
    name: mlflow-registry
    profiles: [registry]
    resource_arns:
      - arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/mlflow-production-mlflow
    artifact_store_uri: s3://company-artifacts/mlflow
    source_vpce: [vpce-0123456789abcdef0, vpce-0fedcba9876543210]
    roles: [model-promotion]

- name: Take the policy away
  mlops.sagemaker_mlflow.iam_mlflow_client_policy:
    name: mlflow-registry
    state: absent
    roles: [model-promotion]
"""

RETURN = r"""
action:
  description: What happened to the policy, or would happen in check mode.
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
      sample: roles.data-scientists
    action:
      description: V(create), V(update) or V(delete).
      type: str
      sample: create
    before:
      description: The value before; null when absent.
      type: raw
    after:
      description: The value after; null when it goes away.
      type: raw
name:
  description: The name of the policy.
  returned: success
  type: str
  sample: mlflow-staging-writer
policy_type:
  description: V(inline) or V(managed).
  returned: success
  type: str
  sample: inline
policy_arn:
  description: The ARN of a managed policy; in check mode the one that it will have. Null for an inline one.
  returned: success
  type: str
  sample: arn:aws:iam::123456789012:policy/mlflow-reader
policy_document:
  description: The policy as IAM has it; empty when it is absent.
  returned: success
  type: dict
  sample:
    Version: "2012-10-17"
    Statement:
      - Sid: UseTrackingServers
        Effect: Allow
        Action: [sagemaker-mlflow:GetRun, sagemaker-mlflow:SearchRuns]
        Resource: arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/mlflow-staging-mlflow
default_version_id:
  description: The version of a managed policy that is in force; null for an inline one, and while it is only predicted.
  returned: success
  type: str
  sample: v1
kms_key_arn:
  description: The ARN of the key that O(kms_key_id) names; null without one.
  returned: success
  type: str
  sample: arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab
roles:
  description: The roles that have the policy; of an inline one those among O(roles).
  returned: success
  type: list
  elements: str
  sample: [data-scientists]
groups:
  description: The groups that have the policy; of an inline one those among O(groups).
  returned: success
  type: list
  elements: str
  sample: []
tags:
  description: All tags of a managed policy; empty for an inline one, which has none.
  returned: success
  type: dict
  sample: {Service: mlflow}
"""

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._client_policy import from_module
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import run


def main() -> None:
    """Declare the options and converge."""
    module = AwsModule(
        argument_spec={
            "name": {"type": "str", "required": True, "aliases": ["policy_name"]},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "policy_type": {"type": "str", "choices": ["inline", "managed"], "default": "inline"},
            "profiles": {
                "type": "list",
                "elements": "str",
                "choices": ["reader", "writer", "registry", "admin", "ui"],
            },
            "resource_arns": {"type": "list", "elements": "str"},
            "additional_actions": {"type": "list", "elements": "str"},
            "artifact_store_uri": {"type": "str"},
            "kms_key_id": {"type": "str", "no_log": False},
            "roles": {"type": "list", "elements": "str"},
            "groups": {"type": "list", "elements": "str"},
            "purge_attachments": {"type": "bool", "default": False},
            "path": {"type": "str"},
            "resource_tag_conditions": {"type": "dict"},
            "principal_tag_conditions": {"type": "list", "elements": "str"},
            "source_vpce": {"type": "list", "elements": "str"},
            "source_vpc": {"type": "list", "elements": "str"},
            "source_ip": {"type": "list", "elements": "str"},
            "tags": {"type": "dict", "aliases": ["resource_tags"]},
            "purge_tags": {"type": "bool", "default": False},
            "wait": {"type": "bool", "default": True},
            "wait_timeout": {"type": "int", "default": 120},
        },
        required_if=[("state", "present", ["profiles", "resource_arns"])],
        supports_check_mode=True,
    )
    run(module, from_module)


if __name__ == "__main__":
    main()
