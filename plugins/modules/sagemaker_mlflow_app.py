#!/usr/bin/python
# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: sagemaker_mlflow_app
version_added: 0.1.0
short_description: Manage an Amazon SageMaker MLflow App
description:
  - Creates, changes, renames and deletes an MLflow App, the serverless MLflow of Amazon SageMaker. It has no size, is neither
    started nor stopped, and AWS keeps it on the newest MLflow.
  - Options that are left out are neither compared nor changed.
  - An App is never replaced. A difference in what AWS cannot change in place (O(role_arn), O(kms_key_id)) is an error that says
    what differs, because a new App would begin without the experiments, runs and models of the old one.
  - AWS takes one operation at a time. The module waits until the App has settled before it changes anything, also when an
    interrupted run, another user or the weekly maintenance left AWS at work on it.
  - AWS lets several Apps have one name. This module never makes a second one, also not when AWS's answer to a creation is
    lost. When two runs create one at the same moment, the run that made the younger one removes that, before anybody can have
    used it, and goes on with the older. Apps that AWS lists as deleted are never taken for the App that is meant.
options:
  name:
    description:
      - The name of the App. It is not part of the ARN.
      - Letters, digits and hyphens, at most 256; a letter or a digit at both ends.
      - One of O(name) and O(arn) is needed. A name that several Apps have is an error that lists them.
    type: str
  arn:
    description:
      - The ARN of an App that exists, for what cannot be told by its name. AWS chooses the ARN of a new App.
      - With both, the ARN decides, and O(name) must be the name that the App has, or O(new_name) is given.
    type: str
  new_name:
    description:
      - The name that the App gets. Its ARN, and so the tracking URI, stays the same.
      - When the App has this name already, there is nothing to do. When there is no App of either name, one is created with
        this name.
    type: str
  state:
    description:
      - V(present) makes sure that the App exists and is as described.
      - V(absent) deletes it, which needs O(delete_data=true) as well.
    type: str
    choices: [present, absent]
    default: present
  artifact_store_uri:
    description:
      - Where the artifacts go, as in V(s3://bucket/prefix). The bucket must be in the region of the App.
      - Needed to create the App. Can be changed; artifacts that exist are not moved. Trailing slashes make no difference.
    type: str
  role_arn:
    description:
      - The ARN of the service role, which SageMaker assumes to reach the artifacts and the model registry.
      - Needed to create the App. Cannot be changed.
    type: str
  kms_key_id:
    description:
      - The KMS key for what SageMaker keeps of the App, as id, ARN, alias or alias ARN. AWS takes a key of its own when it is
        left out. The artifacts follow the encryption of their bucket.
      - Can never be changed nor removed, and disabling the key makes the App unusable for good.
      - Needs botocore 1.43.76 or newer.
    type: str
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
  account_default:
    description:
      - Whether this is the App that Studio and the SageMaker SDK use for whoever does not name one.
      - AWS does not document what happens when a second App is made the default. When another App is it already, that is an
        error that names it, unless O(move_defaults=true).
    type: bool
  default_domain_ids:
    description:
      - The SageMaker domains whose default this App is, as in V(d-abcdefghijkl). The order makes no difference.
      - An empty list ends that for every domain. AWS does not document whether it can; when AWS still shows domains afterwards,
        that is an error.
      - A domain whose default is another App is an error that names it, unless O(move_defaults=true).
    type: list
    elements: str
  move_defaults:
    description:
      - Whether another App that is the default of the account or of a domain ceases to be it, before this App becomes it.
    type: bool
    default: false
  delete_data:
    description:
      - The second switch of O(state=absent). Every experiment, run and registered model in the App is lost with it, and AWS
        keeps no backup. The artifacts stay in the bucket.
      - An App whose creation failed holds no data and is deleted without it.
    type: bool
    default: false
  recreate_failed:
    description:
      - Whether an App whose creation failed is deleted and created anew, with another ARN. It holds no data.
      - Without it, such an App is an error that names the likely causes.
    type: bool
    default: false
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
    default: 900
  wait_delay:
    description:
      - The pause in seconds between two looks at the App, at most 60. The first pauses are shorter.
    type: float
    default: 10
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
  - Reading needs C(sagemaker:DescribeMlflowApp), by O(name) C(sagemaker:ListMlflowApps) too, with O(tags) C(sagemaker:ListTags).
  - Creating needs C(sagemaker:CreateMlflowApp), C(iam:PassRole) on the role, with O(tags) C(sagemaker:AddTags), and with
    O(kms_key_id) C(kms:DescribeKey) and C(kms:CreateGrant) on the key.
  - Changing needs C(sagemaker:UpdateMlflowApp), C(sagemaker:AddTags) and C(sagemaker:DeleteTags), each only when there is such a
    change.
  - Making the App a default needs C(sagemaker:ListMlflowApps), and with O(move_defaults) C(sagemaker:UpdateMlflowApp) on the App
    that was it. Renaming by O(arn) needs C(sagemaker:ListMlflowApps).
  - Comparing an alias in O(kms_key_id) needs C(kms:DescribeKey), unless AWS shows the key by the same alias.
  - Deleting needs C(sagemaker:DeleteMlflowApp), and so does creating, when another run creates an App of this name at the
    same moment.
  - AWS offers no managed MLflow in China.
seealso:
  - module: mlops.sagemaker_mlflow.sagemaker_mlflow_server
  - name: MLflow Apps
    description: Amazon SageMaker AI developer guide.
    link: https://docs.aws.amazon.com/sagemaker/latest/dg/mlflow-app-setup.html
author: The mlops.sagemaker_mlflow contributors (@mlops)
"""

EXAMPLES = r"""
- name: An MLflow App
  mlops.sagemaker_mlflow.sagemaker_mlflow_app:
    name: mlflow-staging-mlflow
    artifact_store_uri: s3://mlflow-staging-mlflow-artifacts-a
    role_arn: arn:aws:iam::123456789012:role/mlflow-staging-mlflow-role
    automatic_model_registration: true
    weekly_maintenance_window_start: Tue:03:30
    tags:
      Environment: staging
  register: app

- name: The tracking URI for MLflow clients
  ansible.builtin.debug:
    var: app.tracking_uri

- name: Make it the default of the account and of a domain, whichever App is it now
  mlops.sagemaker_mlflow.sagemaker_mlflow_app:
    name: mlflow-staging-mlflow
    account_default: true
    default_domain_ids: [d-abcdefghijkl]
    move_defaults: true

- name: Rename it; its ARN stays the same
  mlops.sagemaker_mlflow.sagemaker_mlflow_app:
    name: mlflow-staging-mlflow
    new_name: mlflow-research

- name: An App with a key of our own
  mlops.sagemaker_mlflow.sagemaker_mlflow_app:
    name: clinical
    artifact_store_uri: s3://clinical-artifacts/mlflow/
    role_arn: arn:aws:iam::123456789012:role/clinical-mlflow
    kms_key_id: alias/clinical

- name: Delete one of two Apps of the same name, with everything in it
  mlops.sagemaker_mlflow.sagemaker_mlflow_app:
    arn: arn:aws:sagemaker:us-east-1:123456789012:mlflow-app/app-ABCDEFGH1234
    state: absent
    delete_data: true
"""

RETURN = r"""
action:
  description: What happened to the App, or would happen in check mode.
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
      description:
        - What changes; V(app), V(settings), V(tags), or V(defaults) when another App ceases to be a default.
      type: str
      sample: settings
    action:
      description: V(create), V(update) or V(delete).
      type: str
      sample: update
    before:
      description: What is; none when it is new.
      type: raw
      sample: {"account_default": false}
    after:
      description: What is wished; none when it goes away.
      type: raw
      sample: {"account_default": true}
exists:
  description: Whether there is such an App.
  returned: success
  type: bool
  sample: true
is_deleted:
  description: Always false; an App that AWS goes on listing as deleted does not exist here.
  returned: success
  type: bool
  sample: false
tracking_uri:
  description:
    - The tracking URI for MLflow clients with the plugin C(sagemaker-mlflow), which is the ARN; none in check mode before it exists.
  returned: success
  type: str
  sample: arn:aws:sagemaker:us-east-1:123456789012:mlflow-app/app-ABCDEFGH1234
arn:
  description: The ARN, which AWS chooses; none in check mode before it exists.
  returned: success
  type: str
  sample: arn:aws:sagemaker:us-east-1:123456789012:mlflow-app/app-ABCDEFGH1234
name:
  description: The name that the App has when the run is over.
  returned: success
  type: str
  sample: mlflow-staging-mlflow
status:
  description: The state in AWS's words. In check mode the one that a waiting run would end with.
  returned: success
  type: str
  sample: Created
maintenance_status:
  description: How the last maintenance went; none when there was none.
  returned: success
  type: str
  sample: MaintenanceComplete
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
kms_key_id:
  description: The KMS key as AWS shows it; none when AWS uses a key of its own.
  returned: success
  type: str
  sample: arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab
mlflow_version:
  description: The version of MLflow, which AWS raises by itself; none in check mode before it exists.
  returned: success
  type: str
  sample: 3.10.1
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
account_default:
  description: Whether this is the default App of the account.
  returned: success
  type: bool
  sample: false
default_domain_ids:
  description: The domains whose default App this is, in alphabetical order.
  returned: success
  type: list
  elements: str
  sample: [d-abcdefghijkl]
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
  returned: when the App did not come to the wished state
  type: dict
  sample: {"status": "Updating"}
elapsed:
  description: How many seconds the module waited until it timed out.
  returned: when a wait timed out
  type: int
  sample: 3600
"""

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _arguments as arguments
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import run
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app_resource import from_module


def main() -> None:
    """Declare the options and converge."""
    module = AwsModule(
        argument_spec=arguments.app(),
        required_one_of=[["name", "arn"]],
        supports_check_mode=True,
    )
    run(module, from_module)


if __name__ == "__main__":
    main()
