# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Statements that the owner of a bucket or key adds to its policy."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _bucket_grants as grants

if t.TYPE_CHECKING:
    from collections.abc import Callable

    Statements = list[dict[str, t.Any]]

DOCUMENTATION = r"""
name: bucket_grants
short_description: The policy statements by which a bucket or a key lets an MLflow of another account, or log deliveries, in
version_added: 0.1.0
author: The mlops.sagemaker_mlflow contributors (@mlops)
description:
  - Returns statements for the policy of a bucket (or of a KMS key), each with a C(Sid) of its own, so that they can be merged
    into a policy of others, for example with O(mlops.sagemaker_mlflow.s3_mlflow_bucket#module:policy_statements).
positional: to, arn
options:
  _input:
    description: The name of the bucket, or with O(to=artifacts_key) the ARN of the key.
    type: str
    required: true
  to:
    description:
      - V(artifacts) and V(artifacts_key) let a service role, O(arn), read and write artifacts and use their key.
      - V(access_logs) lets S3 deliver the access logs of a bucket, O(arn).
      - V(cloudtrail) lets CloudTrail deliver the log files of a trail, O(arn).
    type: str
    choices: [artifacts, artifacts_key, access_logs, cloudtrail]
    required: true
  arn:
    description: The ARN of who is let in, or on whose behalf.
    type: str
    required: true
  prefix:
    description: The folder in the bucket.
    type: str
    default: ''
  account_id:
    description: With O(to=access_logs), the account of the bucket whose requests are logged.
    type: str
    default: ''
"""

EXAMPLES = r"""
- name: Show what the owner of a bucket in another account must add to its policy
  ansible.builtin.debug:
    msg: "{{ 'team-artifacts' | mlops.sagemaker_mlflow.bucket_grants('artifacts', role, prefix='mlflow') }}"
  vars:
    role: arn:aws:iam::123456789012:role/mlflow-staging-mlflow-role

- name: Let CloudTrail write to the bucket of the logs
  mlops.sagemaker_mlflow.s3_mlflow_bucket:
    name: audit-logs
    policy_statements: "{{ 'audit-logs' | mlops.sagemaker_mlflow.bucket_grants('cloudtrail', trail) }}"
  vars:
    trail: arn:aws:cloudtrail:eu-west-1:123456789012:trail/organization
"""

RETURN = r"""
_value:
  description: The statements.
  type: list
  elements: dict
"""


def bucket_grants(name: str, to: str, arn: str, prefix: str = "", account_id: str = "") -> Statements:
    """The statements of one purpose."""
    purposes: dict[str, Callable[[], Statements]] = {
        "artifacts": lambda: grants.artifact_bucket_statements(name, prefix.strip("/"), arn),
        "artifacts_key": lambda: grants.artifact_key_statements(name, arn),
        "access_logs": lambda: grants.access_log_statements(
            arn.split(":")[1], name, prefix, arn.rpartition(":")[2], account_id
        ),
        "cloudtrail": lambda: grants.trail_statements(name, prefix, arn),
    }
    if to not in purposes:
        raise AnsibleFilterError(f"bucket_grants: to is '{to}'; it must be one of {', '.join(purposes)}.")
    if not arn.startswith("arn:"):
        raise AnsibleFilterError(f"bucket_grants: '{arn}' is not an ARN.")
    return purposes[to]()


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Statements]]:
        """The filters of this file."""
        return {"bucket_grants": bucket_grants}
