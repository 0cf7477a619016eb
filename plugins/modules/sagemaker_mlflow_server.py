#!/usr/bin/python
# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: sagemaker_mlflow_server
version_added: 0.1.0
short_description: Manage an Amazon SageMaker managed MLflow tracking server
description:
  - Creates, changes, starts, stops and deletes an MLflow tracking server that Amazon SageMaker runs.
  - Options that are left out are neither compared nor changed.
  - A server is never replaced. A difference in what AWS cannot change in place (O(role_arn), O(mlflow_version)) is an error that
    says what differs, because a new server would begin without the experiments, runs and models of the old one.
  - AWS takes one operation at a time. The module waits until the server has settled before it changes anything, also when an
    interrupted run, another user or the weekly maintenance left AWS at work on it.
options:
  name:
    description:
      - The name of the server, unique in the account and region. It is part of the ARN and cannot change.
      - Letters, digits and hyphens, at most 256; a letter or a digit at both ends.
    type: str
    required: true
    aliases: [tracking_server_name]
  state:
    description:
      - V(present) makes sure that the server exists and is as described; whether it runs is left alone. AWS starts what it creates.
      - V(started) and V(stopped) do the same and make sure that it runs, or does not run. A stopped server keeps its data and
        is not billed by the hour. Starting takes up to 25 minutes.
      - V(absent) deletes it, which needs O(delete_data=true) as well.
    type: str
    choices: [present, absent, started, stopped]
    default: present
  artifact_store_uri:
    description:
      - Where the artifacts go, as in V(s3://bucket/prefix). The bucket must be in the region of the server.
      - Needed to create the server. Can be changed; artifacts that exist are not moved. Trailing slashes make no difference.
    type: str
  role_arn:
    description:
      - The ARN of the service role, which SageMaker assumes to reach the artifacts and the model registry.
      - Needed to create the server. Cannot be changed.
    type: str
  tracking_server_size:
    description:
      - The size, for about 25, 50 or 100 users. AWS creates a V(Small) one when it is left out.
    type: str
    choices: [Small, Medium, Large]
    aliases: [size]
  mlflow_version:
    description:
      - The version of MLflow as major and minor number in quotes, as in V("3.0"). AWS takes the newest when it is left out.
      - AWS chooses the patch, so V("3.0") and V("3.0.0") are the same. Cannot be changed.
    type: str
    aliases: [version]
  automatic_model_registration:
    description:
      - Whether models that are registered in MLflow are registered in the SageMaker Model Registry too.
    type: bool
  weekly_maintenance_window_start:
    description:
      - Day and UTC time at which the weekly maintenance begins, as in V(Tue:03:30). Any letter case.
      - AWS chooses one when it is left out at creation.
    type: str
    aliases: [maintenance_window]
  s3_bucket_owner_account_id:
    description:
      - The account that owns the bucket, 12 digits in quotes. AWS expects the account of the server when it is left out.
    type: str
  s3_bucket_owner_verification:
    description:
      - Whether SageMaker checks at each access that the bucket still belongs to that account. AWS does when it is left out.
    type: bool
  delete_data:
    description:
      - The second switch of O(state=absent). Every experiment, run and registered model in the server is lost with it, and AWS
        keeps no backup. The artifacts stay in the bucket.
      - A server whose creation failed holds no data and is deleted without it.
    type: bool
    default: false
  recreate_failed:
    description:
      - Whether a server whose creation failed is deleted and created anew. It holds no data.
      - Without it, such a server is an error that names the likely causes.
    type: bool
    default: false
  update_stopped:
    description:
      - What to do when a setting of a stopped server must change. AWS does not document whether it allows that.
      - V(try) sends the change; if AWS refuses it, the error says so.
      - V(start_first) starts the server, changes it and stops it again, unless O(state=started).
    type: str
    choices: [try, start_first]
    default: try
  wait:
    description:
      - Whether to wait until AWS has completed the last change, or, when there is nothing to change, what it is at.
        Before and between changes the module always waits, because AWS takes one at a time.
      - While it waits, a line with the state and the elapsed time is shown at each change of the state and once a minute,
        when the connection is local, the task is not C(async) and not C(no_log).
    type: bool
    default: true
  wait_timeout:
    description:
      - The longest time in seconds that one operation may take.
    type: int
    default: 3600
  wait_delay:
    description:
      - The pause in seconds between two looks at the server, at most 60. The first pauses are shorter.
    type: float
    default: 30
  role_propagation_timeout:
    description:
      - For how many seconds the creation is repeated while SageMaker cannot assume the role. A new role needs a few
        seconds until all of AWS knows it.
    type: int
    default: 120
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - mlops.sagemaker_mlflow.attributes
  - mlops.sagemaker_mlflow.attributes.tags
attributes:
  action:
    description: Has an action plugin of the same name, which shows the progress of a wait. The module does the work.
    support: full
  async:
    description: Can be run with C(async); it then shows no progress.
    support: full
notes:
  - Reading needs C(sagemaker:DescribeMlflowTrackingServer), with O(tags) C(sagemaker:ListTags).
  - Creating needs C(sagemaker:CreateMlflowTrackingServer), C(iam:PassRole) on the role and, with O(tags), C(sagemaker:AddTags).
  - Changing needs C(sagemaker:UpdateMlflowTrackingServer), C(sagemaker:StartMlflowTrackingServer),
    C(sagemaker:StopMlflowTrackingServer), C(sagemaker:AddTags) and C(sagemaker:DeleteTags), each only when there is such a change.
  - Deleting needs C(sagemaker:DeleteMlflowTrackingServer).
  - AWS offers no managed MLflow in China.
seealso:
  - module: mlops.sagemaker_mlflow.sagemaker_mlflow_app
  - name: MLflow tracking servers
    description: Amazon SageMaker AI developer guide.
    link: https://docs.aws.amazon.com/sagemaker/latest/dg/mlflow-create-tracking-server.html
author: The mlops.sagemaker_mlflow contributors (@mlops)
"""

EXAMPLES = r"""
- name: A tracking server
  mlops.sagemaker_mlflow.sagemaker_mlflow_server:
    name: mlflow-staging-mlflow
    artifact_store_uri: s3://mlflow-staging-mlflow-artifacts-a
    role_arn: arn:aws:iam::123456789012:role/mlflow-staging-mlflow-role
    tracking_server_size: Small
    mlflow_version: "3.0"
    automatic_model_registration: true
    weekly_maintenance_window_start: Tue:03:30
    tags:
      Environment: staging
  register: server

- name: The tracking URI for MLflow clients
  ansible.builtin.debug:
    var: server.tracking_uri

- name: Make it larger, whatever else it is
  mlops.sagemaker_mlflow.sagemaker_mlflow_server:
    name: mlflow-staging-mlflow
    tracking_server_size: Medium

- name: Stop it over the weekend
  mlops.sagemaker_mlflow.sagemaker_mlflow_server:
    name: mlflow-staging-mlflow
    state: stopped
    wait: false

- name: Artifacts in a bucket of another account
  mlops.sagemaker_mlflow.sagemaker_mlflow_server:
    name: research
    artifact_store_uri: s3://shared-artifacts/research
    s3_bucket_owner_account_id: "210987654321"
    role_arn: arn:aws:iam::123456789012:role/research-mlflow

- name: Delete it with everything in it
  mlops.sagemaker_mlflow.sagemaker_mlflow_server:
    name: mlflow-staging-mlflow
    state: absent
    delete_data: true
"""

RETURN = r"""
action:
  description: What happened to the server, or would happen in check mode.
  returned: success
  type: str
  sample: create
changes:
  description: What was done, or would be done in check mode, in order.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: What changes; V(server), V(settings), V(state) or V(tags).
      type: str
      sample: settings
    action:
      description: V(create), V(update) or V(delete).
      type: str
      sample: update
    before:
      description: What is; none when it is new.
      type: raw
      sample: {"tracking_server_size": "Small"}
    after:
      description: What is wished; none when it goes away.
      type: raw
      sample: {"tracking_server_size": "Medium"}
exists:
  description: Whether there is such a server.
  returned: success
  type: bool
  sample: true
tracking_uri:
  description: The tracking URI for MLflow clients with the plugin C(sagemaker-mlflow), which is the ARN.
  returned: success
  type: str
  sample: arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/mlflow-staging-mlflow
tracking_server_arn:
  description: The ARN.
  returned: success
  type: str
  sample: arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/mlflow-staging-mlflow
tracking_server_name:
  description: The name.
  returned: success
  type: str
  sample: mlflow-staging-mlflow
tracking_server_status:
  description: The state in AWS's words. In check mode the one that a waiting run would end with.
  returned: success
  type: str
  sample: Created
tracking_server_maintenance_status:
  description: How the last maintenance went; none when there was none.
  returned: success
  type: str
  sample: MaintenanceComplete
is_active:
  description: Whether the server runs.
  returned: success
  type: bool
  sample: true
tracking_server_url:
  description: The address of the server; none in check mode before it exists.
  returned: success
  type: str
  sample: https://t-abcdefgh1234.us-east-1.experiments.sagemaker.aws
artifact_store_uri:
  description: Where the artifacts go.
  returned: success
  type: str
  sample: s3://mlflow-staging-mlflow-artifacts-a
role_arn:
  description: The service role.
  returned: success
  type: str
  sample: arn:aws:iam::123456789012:role/mlflow-staging-mlflow-role
tracking_server_size:
  description: The size.
  returned: success
  type: str
  sample: Small
mlflow_version:
  description: The version as AWS reports it, with its patch; in check mode before it exists, as it was given.
  returned: success
  type: str
  sample: 3.0.0
automatic_model_registration:
  description: Whether models are registered in the SageMaker Model Registry too.
  returned: success
  type: bool
  sample: true
weekly_maintenance_window_start:
  description: Day and UTC time of the weekly maintenance.
  returned: success
  type: str
  sample: Tue:03:30
s3_bucket_owner_account_id:
  description: The account that the bucket must belong to.
  returned: success
  type: str
  sample: "123456789012"
s3_bucket_owner_verification:
  description: Whether that is checked.
  returned: success
  type: bool
  sample: true
creation_time:
  description: When it was created; none in check mode before it exists.
  returned: success
  type: str
  sample: "2026-11-23T10:00:00+00:00"
created_by:
  description: Who created it; none in check mode before it exists.
  returned: success
  type: dict
  sample: {"iam_identity": {"arn": "arn:aws:iam::123456789012:user/ada", "principal_id": "AIDAEXAMPLE"}}
last_modified_time:
  description: When it was changed last; none in check mode before it exists.
  returned: success
  type: str
  sample: "2026-11-23T10:20:00+00:00"
last_modified_by:
  description: Who changed it last; none in check mode before it exists.
  returned: success
  type: dict
  sample: {"iam_identity": {"arn": "arn:aws:iam::123456789012:user/ada", "principal_id": "AIDAEXAMPLE"}}
tags:
  description: All tags; none when O(tags) is left out, as they are not read then.
  returned: success
  type: dict
  sample: {"Environment": "staging"}
last_seen:
  description: The return values of what was seen last, when a wait or an operation failed.
  returned: when the server did not come to the wished state
  type: dict
  sample: {"tracking_server_status": "Updating"}
elapsed:
  description: How many seconds the module waited until it timed out.
  returned: when a wait timed out
  type: int
  sample: 3600
"""

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _arguments as arguments
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import run
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server_resource import from_module


def main() -> None:
    """Declare the options and converge."""
    module = AwsModule(
        argument_spec=arguments.tracking_server(),
        supports_check_mode=True,
    )
    run(module, from_module)


if __name__ == "__main__":
    main()
