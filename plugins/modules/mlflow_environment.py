#!/usr/bin/python
# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mlflow_environment
version_added: 0.1.0
short_description: Manage a whole Amazon SageMaker managed MLflow in one task
description:
  - Brings a service role, an artifact bucket and a tracking server or an App to the wished state, as
    M(mlops.sagemaker_mlflow.iam_mlflow_role), M(mlops.sagemaker_mlflow.s3_mlflow_bucket),
    M(mlops.sagemaker_mlflow.sagemaker_mlflow_server) and M(mlops.sagemaker_mlflow.sagemaker_mlflow_app) do one by one, with the same
    options. It takes a fraction of the time. All of them are read at the same time, role and bucket are written at the same time,
    and nothing that AWS's answer to a change tells is read again.
  - Everything is planned before anything is written, so what one of the parts refuses stops the others too.
  - The MLflow runs as the role of O(role). Without O(role), name one in O(tracking_server.role_arn) or O(app.role_arn).
  - It deletes nothing. Use the modules of the single resources for that.
options:
  look_for_other_kind:
    description:
      - Whether to look for what has the same name and is of the other kind, a tracking server beside an App or an App beside a
        tracking server. It goes on costing money, or is what SageMaker Studio opens.
      - A server is looked for in each run, an App when the server is created. A look that fails is no failure of the module.
    type: bool
    default: false
attributes:
  action:
    description: Has an action plugin of the same name, which shows the progress of a wait. The module does the work.
    support: full
  async:
    description: Can be run with C(async); it then shows no progress.
    support: full
notes:
  - "IAM actions: those of the modules of the parts, which list them, but for those that delete. With O(look_for_other_kind) also
    C(sagemaker:DescribeMlflowTrackingServer), or C(sagemaker:ListMlflowApps) and C(sagemaker:DescribeMlflowApp)."
  - The account is known from what is read. Where nothing is there yet, C(sts:GetCallerIdentity) tells it, which needs no permission.
    Credentials that come with their account (those of an assumed role or a single sign-on, or C(AWS_ACCOUNT_ID) beside keys in the
    environment) save a round trip.
extends_documentation_fragment:
  - mlops.sagemaker_mlflow.environment
  - mlops.sagemaker_mlflow.attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
seealso:
  - module: mlops.sagemaker_mlflow.iam_mlflow_role
  - module: mlops.sagemaker_mlflow.s3_mlflow_bucket
  - module: mlops.sagemaker_mlflow.sagemaker_mlflow_server
  - module: mlops.sagemaker_mlflow.sagemaker_mlflow_app
author:
  - The mlops.sagemaker_mlflow contributors (@mlops)
"""

EXAMPLES = r"""
- name: A tracking server with all that it needs
  mlops.sagemaker_mlflow.mlflow_environment:
    region: eu-central-1
    role:
      name: churn-mlflow-role
      artifact_store_uri: s3://churn-mlflow-artifacts
      model_registration: true
    bucket:
      name: churn-mlflow-artifacts
    tracking_server:
      name: churn
      artifact_store_uri: s3://churn-mlflow-artifacts
      tracking_server_size: Small
      automatic_model_registration: true
  register: churn

- name: Show what an MLflow client needs
  ansible.builtin.debug:
    msg: "MLFLOW_TRACKING_URI={{ churn.tracking_server.tracking_uri }}"

- name: An App on a bucket and with a role that somebody else manages
  mlops.sagemaker_mlflow.mlflow_environment:
    app:
      name: research
      artifact_store_uri: s3://research-artifacts/mlflow
      role_arn: arn:aws:iam::123456789012:role/research-mlflow
    look_for_other_kind: true
"""

RETURN = r"""
role:
  description: What M(mlops.sagemaker_mlflow.iam_mlflow_role) returns.
  returned: when O(role) is given
  type: dict
  sample: {"action": "create", "arn": "arn:aws:iam::123456789012:role/churn-mlflow-role", "changed": true, "name": "churn-mlflow-role"}
bucket:
  description: What M(mlops.sagemaker_mlflow.s3_mlflow_bucket) returns.
  returned: when O(bucket) is given
  type: dict
  sample: {"action": "none", "arn": "arn:aws:s3:::churn-mlflow-artifacts", "changed": false, "name": "churn-mlflow-artifacts"}
tracking_server:
  description: What M(mlops.sagemaker_mlflow.sagemaker_mlflow_server) returns.
  returned: when O(tracking_server) is given
  type: dict
  sample:
    action: create
    changed: true
    tracking_server_name: churn
    tracking_uri: arn:aws:sagemaker:eu-central-1:123456789012:mlflow-tracking-server/churn
app:
  description: What M(mlops.sagemaker_mlflow.sagemaker_mlflow_app) returns.
  returned: when O(app) is given
  type: dict
  sample:
    action: none
    changed: false
    name: research
    tracking_uri: arn:aws:sagemaker:eu-central-1:123456789012:mlflow-app/app-ABCDEFGHIJKL
other_kind:
  description:
    - What M(mlops.sagemaker_mlflow.sagemaker_mlflow_server_info) or M(mlops.sagemaker_mlflow.sagemaker_mlflow_app_info) return without
      tags, empty when it was not looked for, and C(msg) when the look failed.
  returned: when O(look_for_other_kind=true)
  type: dict
  sample: {"tracking_servers": []}
diff:
  description: The differences of the parts, in the order role, bucket, tracking server or App.
  returned: always
  type: list
  elements: dict
  sample:
    - after: {"name": "churn-mlflow-artifacts", "versioning": "Enabled"}
      after_header: bucket 'churn-mlflow-artifacts'
      before: {"name": "churn-mlflow-artifacts", "versioning": "Suspended"}
      before_header: bucket 'churn-mlflow-artifacts'
applied:
  description: What was written before the failure. Each has C(resource) beside the keys that the modules of the parts return.
  returned: on failure after a change
  type: list
  elements: dict
  sample: [{"action": "create", "after": {"name": "churn-mlflow-role"}, "before": null, "name": "role", "resource": "role"}]
"""

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _arguments as arguments
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import finish
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._environment import Environment


def main() -> None:
    """Declare the options and converge."""
    module = AwsModule(
        argument_spec=arguments.environment(),
        mutually_exclusive=[("tracking_server", "app")],
        required_one_of=[("role", "bucket", "tracking_server", "app")],
        supports_check_mode=True,
    )
    finish(module, lambda: Environment(module).converge(module.check_mode))


if __name__ == "__main__":
    main()
