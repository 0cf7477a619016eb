#!/usr/bin/python
# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mlflow_audit_info
short_description: Audit an Amazon SageMaker managed MLflow against security controls
version_added: 0.1.0
author: The mlops.sagemaker_mlflow contributors (@mlops)
description:
  - Reads a tracking server or an MLflow App with its artifact bucket, its service role, its KMS keys, and the settings of the
    account that it depends on, and judges each control. Changes nothing.
  - Controls have the ids of AWS Security Hub (C(S3.8), C(KMS.4), ...), and C(MLflow.1) and further for what no standard asks of
    MLflow. The guide on the security audit in C(docs/) of the collection lists them.
  - A control whose object the caller may not read is V(unknown), and says which action is missing.
options:
  name:
    description: The name of the tracking server or of the App.
    type: str
    required: true
  kind:
    description: What it is.
    type: str
    choices: [tracking_server, app]
    default: tracking_server
  expected_bucket_owner:
    description:
      - The account that must own the artifact bucket.
      - When omitted, the one that the tracking server names, else the account of the server or the App.
    type: str
  accepted_exceptions:
    description:
      - Controls whose failure is accepted, the id of each with the reason.
      - An empty reason ends an exception that this collection makes by itself.
    type: dict
    default: {}
  required_controls:
    description: Controls for which the exceptions that this collection makes by itself do not hold.
    type: list
    elements: str
    default: []
  count_account:
    description: Whether settings of the account, which a deployment does not change, count for RV(compliant).
    type: bool
    default: false
  fail_on:
    description: The least severity of controls that count for RV(compliant). With V(none), none does.
    type: str
    choices: [low, medium, high, critical, none]
    default: low
  tracking_server_event_type:
    description: The resource type of data events of tracking servers in CloudTrail.
    type: str
    default: AWS::SageMaker::MlflowTrackingServer
  app_event_type:
    description: The resource type of data events of Apps in CloudTrail.
    type: str
    default: AWS::SageMaker::MlflowApp
attributes:
  check_mode:
    description: Only reads, so check mode makes no difference.
    support: full
  diff_mode:
    description: Changes nothing, so there is nothing to compare.
    support: N/A
  idempotent:
    description: Changes nothing.
    support: full
notes:
  - IAM actions needed are C(sagemaker:DescribeMlflowTrackingServer), or for an App C(sagemaker:ListMlflowApps) and
    C(sagemaker:DescribeMlflowApp).
  - IAM actions that single controls need, and without which these are V(unknown), are C(s3:GetBucketVersioning),
    C(s3:GetEncryptionConfiguration), C(s3:GetBucketPublicAccessBlock), C(s3:GetBucketOwnershipControls), C(s3:GetBucketPolicy),
    C(s3:GetLifecycleConfiguration), C(s3:GetBucketLogging), C(s3:GetBucketAcl), C(s3:GetReplicationConfiguration),
    C(s3:GetBucketNotification), C(s3:GetBucketObjectLockConfiguration), C(s3:GetAccountPublicAccessBlock),
    C(s3:ListAccessPoints), C(s3:GetAccessPoint), C(iam:GetRole), C(iam:ListRolePolicies), C(iam:GetRolePolicy),
    C(iam:ListAttachedRolePolicies), C(iam:GetPolicy), C(iam:GetPolicyVersion), C(iam:GetAccountAuthorizationDetails),
    C(kms:DescribeKey), C(kms:GetKeyRotationStatus), C(kms:GetKeyPolicy), C(cloudtrail:DescribeTrails),
    C(cloudtrail:GetTrailStatus) and C(cloudtrail:GetEventSelectors). The managed policy C(SecurityAudit) of AWS has most of them.
  - How long a link to the UI lives cannot be audited, as AWS keeps that nowhere. SageMaker refuses links that live longer than
    5 minutes.
seealso:
  - module: mlops.sagemaker_mlflow.s3_mlflow_bucket
  - module: mlops.sagemaker_mlflow.iam_mlflow_role
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - mlops.sagemaker_mlflow.attributes
"""

EXAMPLES = r"""
- name: Audit a tracking server
  mlops.sagemaker_mlflow.mlflow_audit_info:
    name: mlflow-staging-mlflow
    region: eu-west-1
    accepted_exceptions:
      S3.17: The bucket holds nothing that is not public.
  register: audit

- name: Show what fails
  ansible.builtin.debug:
    msg: "{{ audit.controls | selectattr('status', 'in', ['fail', 'unknown']) | map(attribute='found') }}"

- name: Audit an App, and count serious failures only, of the account too
  mlops.sagemaker_mlflow.mlflow_audit_info:
    name: mlflow-staging-mlflow
    kind: app
    fail_on: high
    count_account: true
  register: audit

- name: Fail when one of them does
  ansible.builtin.assert:
    that: audit.compliant
"""

RETURN = r"""
name:
  description: The name.
  returned: success
  type: str
  sample: mlflow-staging-mlflow
kind:
  description: C(tracking_server) or C(app).
  returned: success
  type: str
  sample: tracking_server
arn:
  description: The ARN.
  returned: success
  type: str
  sample: arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/mlflow-staging-mlflow
region:
  description: The Region.
  returned: success
  type: str
  sample: eu-west-1
account_id:
  description: The account.
  returned: success
  type: str
  sample: "123456789012"
controls:
  description: Every control, in a stable order.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The id, of AWS Security Hub where there is one.
      type: str
      sample: S3.8
    title:
      description: What must hold.
      type: str
      sample: The bucket blocks public access
    severity:
      description: C(low), C(medium), C(high) or C(critical).
      type: str
      sample: high
    scope:
      description: C(environment), or C(account) for what a deployment does not change.
      type: str
      sample: environment
    resource:
      description: What it is about.
      type: str
      sample: arn:aws:s3:::mlflow-staging-mlflow-artifacts-a
    status:
      description:
        - V(pass), V(fail), V(not_applicable), V(unknown) when the caller may not read what must be read, or V(accepted) when it
          failed and an exception accepts that.
      type: str
      sample: fail
    found:
      description: What was found.
      type: str
      sample: "The bucket leaves these off: block_public_policy."
    remedy:
      description: What to change, a variable of the role where one does it. Empty for what passes.
      type: str
      sample: mlflow_server_kms_key_id
    reason:
      description: Why the failure is accepted, else empty.
      type: str
      sample: ""
    counts:
      description: Whether a failure makes the audit fail.
      type: bool
      sample: true
counts:
  description: How many controls have each status.
  returned: success
  type: dict
  sample: {"fail": 1, "unknown": 0, "accepted": 4, "pass": 30, "not_applicable": 3}
failing:
  description: The ids of the controls that make the audit fail. Those that are V(unknown) do so too.
  returned: success
  type: list
  elements: str
  sample: [S3.8]
compliant:
  description: Whether there are none.
  returned: success
  type: bool
  sample: false
"""

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._audit import FAIL_ON, KINDS, audit
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import answer


def main() -> None:
    """Run the module."""
    module = AwsModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "kind": {"type": "str", "choices": list(KINDS), "default": "tracking_server"},
            "expected_bucket_owner": {"type": "str"},
            "accepted_exceptions": {"type": "dict", "default": {}},
            "required_controls": {"type": "list", "elements": "str", "default": []},
            "count_account": {"type": "bool", "default": False},
            "fail_on": {"type": "str", "choices": list(FAIL_ON), "default": "low"},
            "tracking_server_event_type": {"type": "str", "default": "AWS::SageMaker::MlflowTrackingServer"},
            "app_event_type": {"type": "str", "default": "AWS::SageMaker::MlflowApp"},
        },
        supports_check_mode=True,
    )
    answer(module, audit)


if __name__ == "__main__":
    main()
