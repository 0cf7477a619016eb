#!/usr/bin/python
# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudtrail_mlflow_trail
short_description: Have CloudTrail record who uses an Amazon SageMaker managed MLflow and its artifacts
version_added: 0.1.0
author: The mlops.sagemaker_mlflow contributors (@mlops)
description:
  - Calls of the MLflow API, and reads and writes of artifacts, are data events. CloudTrail records them only where a trail has
    advanced event selectors for them, and charges for each event.
  - Adds the selectors of one tracking server or App to a trail, or makes a trail with them. They are found again by their
    names, which begin with Region and resource of the MLflow. All selectors of others stay as they are written, and in their
    place.
  - A trail has advanced or basic event selectors, never both. Those that a trail has which nobody gave any (all management
    events) are replaced by an advanced one of the same meaning. Others are replaced only with O(convert_basic_selectors=true).
options:
  name:
    description: The name of the trail, or its ARN.
    type: str
    required: true
  state:
    description:
      - V(present) makes sure that the trail has the selectors.
      - V(absent) takes them away. The trail stays unless O(delete_trail) is true.
    type: str
    choices: [present, absent]
    default: present
  mlflow_arn:
    description: The ARN of the tracking server or of the App.
    type: str
    required: true
  artifact_store_uri:
    description:
      - Where its artifacts are, as V(s3://bucket) or V(s3://bucket/prefix).
      - When omitted, artifacts are not recorded.
    type: str
  api_events:
    description: Which calls of the MLflow API are recorded.
    type: str
    choices: [all, read, write, none]
    default: all
  artifact_events:
    description: Which calls on artifacts are recorded.
    type: str
    choices: [all, read, write, none]
    default: all
  event_type:
    description:
      - The resource type of the events of the MLflow API.
      - When omitted, V(AWS::SageMaker::MlflowTrackingServer) or V(AWS::SageMaker::MlflowApp), by O(mlflow_arn).
    type: str
  whole_kind:
    description:
      - Whether calls of all tracking servers (or of all Apps) are recorded, and not of O(mlflow_arn) alone.
      - AWS does not document which ARN these events carry. When nothing is recorded, this tells whether that is the reason.
    type: bool
    default: false
  convert_basic_selectors:
    description: Whether basic event selectors of the trail are replaced by advanced ones that record the same.
    type: bool
    default: false
  create:
    description:
      - Whether the trail is made, switched on and kept as described here.
      - When V(false), it must exist, and nothing but its selectors is touched.
    type: bool
    default: false
  s3_bucket_name:
    description:
      - The bucket of the log files. Needed with O(create=true).
      - Its policy must let CloudTrail in. When it does not, the error names the statements that are missing.
    type: str
  s3_key_prefix:
    description: The folder of the log files in the bucket.
    type: str
  kms_key_id:
    description:
      - The KMS key of the log files, as key id, key ARN, alias name or alias ARN.
      - Its policy must let CloudTrail in. When it does not, the error names the statements that are missing.
    type: str
  is_multi_region_trail:
    description: Whether the trail records all Regions.
    type: bool
    default: true
  enable_log_file_validation:
    description: Whether CloudTrail signs a digest of the log files, by which a change of them shows.
    type: bool
    default: true
  include_management_events:
    description: Whether a trail that is made records the calls of the control planes too. Does not change a trail that is there.
    type: bool
    default: true
  delete_trail:
    description:
      - With O(state=absent), whether the trail goes too. One that has selectors of others is left alone, with an error.
      - The log files stay in their bucket.
    type: bool
    default: false
notes:
  - IAM actions needed are C(cloudtrail:DescribeTrails), C(cloudtrail:GetEventSelectors), C(cloudtrail:GetTrailStatus) and, to
    change selectors, C(cloudtrail:PutEventSelectors).
  - With O(create=true) also C(cloudtrail:CreateTrail), C(cloudtrail:UpdateTrail), C(cloudtrail:StartLogging), and with O(tags)
    C(cloudtrail:ListTags), C(cloudtrail:AddTags) and C(cloudtrail:RemoveTags). With O(kms_key_id) as an alias C(kms:DescribeKey).
  - With O(delete_trail=true) also C(cloudtrail:DeleteTrail).
  - CloudTrail replaces all selectors of a trail at once, and has nothing by which two writers would notice each other. Keep one
    trail from one host at a time (C(throttle) set to 1 on the task), as the role does.
  - The calls go to the home Region of the trail.
seealso:
  - module: mlops.sagemaker_mlflow.mlflow_audit_info
  - module: amazon.aws.cloudtrail
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - mlops.sagemaker_mlflow.attributes
  - mlops.sagemaker_mlflow.attributes.tags
"""

EXAMPLES = r"""
- name: Have the account's trail record a tracking server and its artifacts
  mlops.sagemaker_mlflow.cloudtrail_mlflow_trail:
    name: organization
    region: eu-west-1
    mlflow_arn: arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/mlflow-staging-mlflow
    artifact_store_uri: s3://mlflow-staging-mlflow-artifacts-a

- name: Record writes only, and replace the trail's basic selectors
  mlops.sagemaker_mlflow.cloudtrail_mlflow_trail:
    name: organization
    mlflow_arn: arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-ABCDEFGHIJKL
    artifact_store_uri: s3://team-mlflow/models
    api_events: all
    artifact_events: write
    convert_basic_selectors: true

- name: Make a trail for MLflow alone
  mlops.sagemaker_mlflow.cloudtrail_mlflow_trail:
    name: mlflow-audit
    create: true
    s3_bucket_name: mlflow-audit-logs
    kms_key_id: alias/mlflow-audit
    include_management_events: false
    mlflow_arn: arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/mlflow-staging-mlflow
    artifact_store_uri: s3://mlflow-staging-mlflow-artifacts-a
    tags: {Team: vision}

- name: Record it no more
  mlops.sagemaker_mlflow.cloudtrail_mlflow_trail:
    name: organization
    state: absent
    mlflow_arn: arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/mlflow-staging-mlflow
"""

RETURN = r"""
name:
  description: The name of the trail.
  returned: success
  type: str
  sample: organization
trail_arn:
  description: The ARN of the trail; null while it does not exist.
  returned: success
  type: str
  sample: arn:aws:cloudtrail:eu-west-1:123456789012:trail/organization
exists:
  description: Whether there is such a trail.
  returned: success
  type: bool
  sample: true
home_region:
  description: The Region in which the trail can be changed; null while it does not exist.
  returned: success
  type: str
  sample: eu-west-1
is_logging:
  description: Whether the trail is switched on. A trail of somebody else is not switched on here.
  returned: success
  type: bool
  sample: true
s3_bucket_name:
  description: The bucket of the log files.
  returned: success
  type: str
  sample: mlflow-audit-logs
s3_key_prefix:
  description: The folder of the log files.
  returned: success
  type: str
  sample: ""
kms_key_id:
  description: The ARN of the KMS key of the log files, or empty.
  returned: success
  type: str
  sample: ""
is_multi_region_trail:
  description: Whether it records all Regions.
  returned: success
  type: bool
  sample: true
enable_log_file_validation:
  description: Whether CloudTrail signs a digest of the log files.
  returned: success
  type: bool
  sample: true
event_selectors:
  description: Its basic event selectors, as AWS has them.
  returned: success
  type: list
  elements: dict
  sample: []
advanced_event_selectors:
  description: Its advanced event selectors, as AWS has them.
  returned: success
  type: list
  elements: dict
  sample:
    - Name: "eu-west-1 mlflow-tracking-server/mlflow-staging-mlflow: API"
      FieldSelectors:
        - {"Field": "eventCategory", "Equals": ["Data"]}
        - {"Field": "resources.type", "Equals": ["AWS::SageMaker::MlflowTrackingServer"]}
tags:
  description: The tags; null when they were not asked about.
  returned: success
  type: dict
  sample: {"Team": "vision"}
action:
  description: What happened to the trail, C(create), C(update), C(delete) or C(none).
  returned: success
  type: str
  sample: update
changes:
  description: What changed (in check mode, what would), in order, each with C(name), C(action), C(before) and C(after).
  returned: success
  type: list
  elements: dict
  sample: [{"name": "is_logging", "action": "update", "before": false, "after": true}]
diff:
  description: The difference as Ansible prints it.
  returned: success
  type: dict
"""

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import run
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._trail import from_module
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._trail_selectors import ACCESSES


def main() -> None:
    """Declare the options and converge."""
    module = AwsModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "mlflow_arn": {"type": "str", "required": True},
            "artifact_store_uri": {"type": "str"},
            "api_events": {"type": "str", "choices": list(ACCESSES), "default": "all"},
            "artifact_events": {"type": "str", "choices": list(ACCESSES), "default": "all"},
            "event_type": {"type": "str"},
            "whole_kind": {"type": "bool", "default": False},
            "convert_basic_selectors": {"type": "bool", "default": False},
            "create": {"type": "bool", "default": False},
            "s3_bucket_name": {"type": "str"},
            "s3_key_prefix": {"type": "str", "no_log": False},
            "kms_key_id": {"type": "str"},
            "is_multi_region_trail": {"type": "bool", "default": True},
            "enable_log_file_validation": {"type": "bool", "default": True},
            "include_management_events": {"type": "bool", "default": True},
            "delete_trail": {"type": "bool", "default": False},
            "tags": {"type": "dict", "aliases": ["resource_tags"]},
            "purge_tags": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    run(module, from_module)


if __name__ == "__main__":
    main()
