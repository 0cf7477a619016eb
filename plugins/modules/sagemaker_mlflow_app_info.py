#!/usr/bin/python
# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: sagemaker_mlflow_app_info
short_description: Tell which Amazon SageMaker serverless MLflow Apps there are
version_added: 0.1.0
author: The mlops.sagemaker_mlflow contributors (@mlops)
description:
  - Returns one MLflow App, or all Apps of the account and Region that pass the filters, whoever made them. SageMaker Studio, Pipelines
    and the SageMaker SDK make Apps of their own, which count against the quota of the account.
options:
  arn:
    description:
      - ARN of one App. When there is none, the list is empty; that is not an error.
    type: str
  name:
    description:
      - Only Apps with this name. AWS does not promise that a name is used once, so there may be several.
    type: str
  created_after:
    description:
      - Only Apps created after this time, in ISO 8601, for example V(2026-01-31) or V(2026-01-31T18:30:00+01:00).
      - A time without a zone is UTC.
    type: str
  created_before:
    description: Only Apps created before this time, in the form of O(created_after).
    type: str
  status:
    description:
      - Only Apps with this status.
      - With V(Deleted), O(include_deleted) needs not be set.
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
      - Deleted
  mlflow_version:
    description:
      - Only Apps with this version of MLflow. Compared by major and minor number, so that V(3.10) finds C(3.10.1).
    type: str
  default_for_domain_id:
    description: Only the Apps that are the default of this SageMaker domain.
    type: str
  account_default:
    description: Only the Apps that are the default of the account (V(true)), or only those that are not (V(false)).
    type: bool
  sort_by:
    description: What the list is ordered by. AWS takes V(CreationTime) when omitted.
    type: str
    choices: [Name, CreationTime, Status]
  sort_order:
    description: Which end comes first. AWS takes V(Descending) when omitted.
    type: str
    choices: [Ascending, Descending]
  include_tags:
    description: Whether the tags of each App are read, which costs one call an App.
    type: bool
    default: true
  include_deleted:
    description:
      - Whether deleted Apps are returned too. AWS goes on listing them for a time, with the status V(Deleted) and without tags.
      - RV(mlflow_apps[].is_deleted) tells them apart. They cost nothing and hold nothing.
    type: bool
    default: false
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
  - IAM actions needed are C(sagemaker:DescribeMlflowApp), without O(arn) also C(sagemaker:ListMlflowApps), and with
    O(include_tags=true) C(sagemaker:ListTags).
  - With O(arn) it makes one call for the App and one for its tags. Without, it makes one call for each 100 Apps that AWS lists
    for the filters, and then one for each App that is returned and one for its tags, 16 at a time.
  - AWS can be asked for an App by its ARN alone, so O(name) is looked for in the list. O(mlflow_version) is compared here too,
    because AWS does not say how its own filter compares.
  - An App that is deleted while the module runs is left out.
seealso:
  - module: mlops.sagemaker_mlflow.sagemaker_mlflow_server_info
  - module: mlops.sagemaker_mlflow.sagemaker_mlflow_presigned_url
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - mlops.sagemaker_mlflow.attributes
"""

EXAMPLES = r"""
- name: Find every App of the Region, also those that Studio made
  mlops.sagemaker_mlflow.sagemaker_mlflow_app_info:
    region: eu-west-1
  register: found

- name: Show the tracking URI of each
  ansible.builtin.debug:
    msg: "{{ dict(found.mlflow_apps | map(attribute='name') | zip(found.mlflow_apps | map(attribute='tracking_uri'))) }}"

- name: Find one App by its name
  mlops.sagemaker_mlflow.sagemaker_mlflow_app_info:
    name: mlflow-staging-mlflow
  register: staging

- name: Fail when there is not exactly one
  ansible.builtin.assert:
    that: staging.mlflow_apps | length == 1

- name: Find the App that a Studio domain uses by default
  mlops.sagemaker_mlflow.sagemaker_mlflow_app_info:
    default_for_domain_id: d-abcdefghijkl

- name: Find what was deleted, the last one first
  mlops.sagemaker_mlflow.sagemaker_mlflow_app_info:
    status: Deleted
    sort_by: CreationTime
    include_tags: false
"""

RETURN = r"""
mlflow_apps:
  description: The Apps, in the order of O(sort_by) and O(sort_order).
  returned: always
  type: list
  elements: dict
  contains:
    exists:
      description: Whether the App is there; V(false) for a deleted one that AWS lists still.
      type: bool
      sample: true
    is_deleted:
      description: Whether the App is deleted, and only listed still.
      type: bool
      sample: false
    tracking_uri:
      description: What an MLflow client with the package sagemaker-mlflow takes as tracking URI. It is the ARN.
      type: str
      sample: arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-ABCDEFGHIJKL
    name:
      description: The name. It is not part of the ARN.
      type: str
      sample: mlflow-staging-mlflow
    arn:
      description: The ARN.
      type: str
      sample: arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-ABCDEFGHIJKL
    status:
      description: What happened last, in AWS's word.
      type: str
      sample: Created
    maintenance_status:
      description: How the last maintenance went; null when there was none.
      type: str
      sample: MaintenanceComplete
    role_arn:
      description: The service role.
      type: str
      sample: arn:aws:iam::123456789012:role/mlflow-staging-mlflow-role
    kms_key_id:
      description:
        - The KMS key that encrypts the metadata, as AWS tells it. Null when AWS owns the key, or where the installed botocore does
          not know the field (older than 1.43.76).
      type: str
      sample: arn:aws:kms:eu-west-1:123456789012:key/12345678-1234-1234-1234-123456789012
    mlflow_version:
      description: The full version of MLflow. AWS upgrades Apps by itself.
      type: str
      sample: 3.10.1
    creation_time:
      description: When it was created.
      type: str
      sample: "2026-01-31T18:30:00+00:00"
    created_by:
      description: Who created it. An App that Studio made names the user profile and the domain.
      type: dict
      sample: {"domain_id": "d-abcdefghijkl", "user_profile_name": "ana"}
    last_modified_time:
      description: When it was last changed.
      type: str
      sample: "2026-01-31T18:30:00+00:00"
    last_modified_by:
      description: Who changed it last.
      type: dict
      sample: {"iam_identity": {"arn": "arn:aws:iam::123456789012:user/ana", "principal_id": "AIDAEXAMPLE"}}
    artifact_store_uri:
      description: Where artifacts are.
      type: str
      sample: s3://mlflow-staging-mlflow-artifacts-a
    automatic_model_registration:
      description: Whether models registered in MLflow are registered in the SageMaker Model Registry too.
      type: bool
      sample: true
    weekly_maintenance_window_start:
      description: When maintenance may begin, in UTC.
      type: str
      sample: Tue:03:30
    account_default:
      description: Whether it is the default App of the account.
      type: bool
      sample: false
    default_domain_ids:
      description: The SageMaker domains whose default App it is.
      type: list
      elements: str
      sample: [d-abcdefghijkl]
    tags:
      description: The tags; null with O(include_tags=false) and for a deleted App.
      type: dict
      sample: {"Project": "mlflow"}
"""

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import answer
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._discovery import SORT_KEYS, SORT_ORDERS
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app_info import (
    MLFLOW_APPS,
    STATUSES,
    mlflow_apps,
)


def main() -> None:
    """Run the module."""
    module = AwsModule(
        argument_spec={
            "arn": {"type": "str"},
            "name": {"type": "str"},
            "created_after": {"type": "str"},
            "created_before": {"type": "str"},
            "status": {"type": "str", "choices": list(STATUSES)},
            "mlflow_version": {"type": "str"},
            "default_for_domain_id": {"type": "str"},
            "account_default": {"type": "bool"},
            "sort_by": {"type": "str", "choices": list(SORT_KEYS)},
            "sort_order": {"type": "str", "choices": list(SORT_ORDERS)},
            "include_tags": {"type": "bool", "default": True},
            "include_deleted": {"type": "bool", "default": False},
        },
        mutually_exclusive=[("arn", option) for option in ("name", "mlflow_version", *MLFLOW_APPS.filters)],
        supports_check_mode=True,
    )
    answer(module, mlflow_apps)


if __name__ == "__main__":
    main()
