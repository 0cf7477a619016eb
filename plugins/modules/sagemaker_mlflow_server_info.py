#!/usr/bin/python
# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: sagemaker_mlflow_server_info
short_description: Tell which Amazon SageMaker managed MLflow tracking servers there are
version_added: 0.1.0
author: The mlops.sagemaker_mlflow contributors (@mlops)
description:
  - Returns one tracking server, or all tracking servers of the account and Region that pass the filters, whoever made them.
  - Each is described in the words of M(mlops.sagemaker_mlflow.sagemaker_mlflow_server).
options:
  name:
    description:
      - Name of one tracking server. When there is none, the list is empty; that is not an error.
      - When omitted, all tracking servers that pass the filters are returned.
    type: str
  created_after:
    description:
      - Only servers created after this time, in ISO 8601, for example V(2026-01-31) or V(2026-01-31T18:30:00+01:00).
      - A time without a zone is UTC.
    type: str
  created_before:
    description: Only servers created before this time, in the form of O(created_after).
    type: str
  tracking_server_status:
    description:
      - Only servers with this status.
      - The status says what happened last, not whether the server runs. RV(tracking_servers[].is_active) tells that.
    type: str
    choices:
      - Creating
      - Created
      - CreateFailed
      - Updating
      - Updated
      - UpdateFailed
      - Deleting
      - DeleteFailed
      - Stopping
      - Stopped
      - StopFailed
      - Starting
      - Started
      - StartFailed
      - MaintenanceInProgress
      - MaintenanceComplete
      - MaintenanceFailed
  mlflow_version:
    description:
      - Only servers with this version of MLflow. Compared by major and minor number, so that V(3.0) finds C(3.0.0).
    type: str
  sort_by:
    description: What the list is ordered by. AWS takes V(CreationTime) when omitted.
    type: str
    choices: [Name, CreationTime, Status]
  sort_order:
    description: Which end comes first. AWS takes V(Descending) when omitted.
    type: str
    choices: [Ascending, Descending]
  include_tags:
    description: Whether the tags of each server are read, which costs one call a server.
    type: bool
    default: true
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
  - IAM actions needed are C(sagemaker:DescribeMlflowTrackingServer), without O(name) also
    C(sagemaker:ListMlflowTrackingServers), and with O(include_tags=true) C(sagemaker:ListTags).
  - With O(name) it makes one call for the server and one for its tags. Without, it makes one call for each 100 servers that
    pass the filters, and then one for each server and one for its tags, 16 at a time.
  - O(mlflow_version) is compared here, because AWS does not say how its own filter compares.
  - A server that is deleted while the module runs is left out.
seealso:
  - module: mlops.sagemaker_mlflow.sagemaker_mlflow_server
  - module: mlops.sagemaker_mlflow.sagemaker_mlflow_presigned_url
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - mlops.sagemaker_mlflow.attributes
"""

EXAMPLES = r"""
- name: Find every tracking server of the Region
  mlops.sagemaker_mlflow.sagemaker_mlflow_server_info:
    region: eu-west-1
  register: found

- name: Show those that run, and so cost money
  ansible.builtin.debug:
    msg: "{{ found.tracking_servers | selectattr('is_active') | map(attribute='tracking_server_name') }}"

- name: Find one tracking server
  mlops.sagemaker_mlflow.sagemaker_mlflow_server_info:
    name: mlflow-staging-mlflow
  register: staging

- name: Fail when it does not exist
  ansible.builtin.assert:
    that: staging.tracking_servers | length == 1

- name: Find old servers with MLflow 2.16, the oldest first, without their tags
  mlops.sagemaker_mlflow.sagemaker_mlflow_server_info:
    mlflow_version: "2.16"
    created_before: "2026-01-01"
    sort_by: CreationTime
    sort_order: Ascending
    include_tags: false
"""

RETURN = r"""
tracking_servers:
  description: The tracking servers, in the order of O(sort_by) and O(sort_order).
  returned: always
  type: list
  elements: dict
  contains:
    exists:
      description: Always V(true), as in the result of M(mlops.sagemaker_mlflow.sagemaker_mlflow_server).
      type: bool
      sample: true
    tracking_uri:
      description: What an MLflow client with the package sagemaker-mlflow takes as tracking URI. It is the ARN.
      type: str
      sample: arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/mlflow-staging-mlflow
    tracking_server_arn:
      description: The ARN.
      type: str
      sample: arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/mlflow-staging-mlflow
    tracking_server_name:
      description: The name.
      type: str
      sample: mlflow-staging-mlflow
    tracking_server_status:
      description: What happened last, in AWS's word.
      type: str
      sample: Created
    tracking_server_maintenance_status:
      description: How the last maintenance went; null when there was none.
      type: str
      sample: MaintenanceComplete
    is_active:
      description: Whether the server runs.
      type: bool
      sample: true
    tracking_server_url:
      description: The address of the UI, which opens only with a link of M(mlops.sagemaker_mlflow.sagemaker_mlflow_presigned_url).
      type: str
      sample: https://t-abcdefghijkl.eu-west-1.experiments.sagemaker.aws
    role_arn:
      description: The service role.
      type: str
      sample: arn:aws:iam::123456789012:role/mlflow-staging-mlflow-role
    mlflow_version:
      description: The full version of MLflow.
      type: str
      sample: 3.0.0
    artifact_store_uri:
      description: Where artifacts are.
      type: str
      sample: s3://mlflow-staging-mlflow-artifacts-a
    tracking_server_size:
      description: The size.
      type: str
      sample: Small
    automatic_model_registration:
      description: Whether models registered in MLflow are registered in the SageMaker Model Registry too.
      type: bool
      sample: true
    weekly_maintenance_window_start:
      description: When maintenance may begin, in UTC.
      type: str
      sample: Tue:03:30
    s3_bucket_owner_account_id:
      description: The account that owns the artifact bucket. Null where the installed botocore does not know it.
      type: str
      sample: "123456789012"
    s3_bucket_owner_verification:
      description: Whether SageMaker checks the bucket's owner on every access. Null where the installed botocore does not know it.
      type: bool
      sample: true
    creation_time:
      description: When it was created.
      type: str
      sample: "2026-01-31T18:30:00+00:00"
    created_by:
      description: Who created it.
      type: dict
      sample: {"iam_identity": {"arn": "arn:aws:iam::123456789012:user/ana", "principal_id": "AIDAEXAMPLE"}}
    last_modified_time:
      description: When it was last changed.
      type: str
      sample: "2026-01-31T18:30:00+00:00"
    last_modified_by:
      description: Who changed it last.
      type: dict
      sample: {"iam_identity": {"arn": "arn:aws:iam::123456789012:user/ana", "principal_id": "AIDAEXAMPLE"}}
    tags:
      description: The tags; null with O(include_tags=false).
      type: dict
      sample: {"Project": "mlflow"}
"""

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import answer
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._discovery import SORT_KEYS, SORT_ORDERS
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server_info import (
    STATUSES,
    tracking_servers,
)

FILTERS = ("created_after", "created_before", "tracking_server_status", "mlflow_version", "sort_by", "sort_order")


def main() -> None:
    """Run the module."""
    module = AwsModule(
        argument_spec={
            "name": {"type": "str"},
            "created_after": {"type": "str"},
            "created_before": {"type": "str"},
            "tracking_server_status": {"type": "str", "choices": list(STATUSES)},
            "mlflow_version": {"type": "str"},
            "sort_by": {"type": "str", "choices": list(SORT_KEYS)},
            "sort_order": {"type": "str", "choices": list(SORT_ORDERS)},
            "include_tags": {"type": "bool", "default": True},
        },
        mutually_exclusive=[("name", option) for option in FILTERS],
        supports_check_mode=True,
    )
    answer(module, tracking_servers)


if __name__ == "__main__":
    main()
