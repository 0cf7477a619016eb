#!/usr/bin/python
# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mlflow_server_deployment
short_description: Deploy what the variables of the role mlflow_server say
version_added: 0.1.0
author: The mlops.sagemaker_mlflow contributors (@mlops)
description:
  - Checks the variables of the role P(mlops.sagemaker_mlflow.mlflow_server#role) as M(mlops.sagemaker_mlflow.mlflow_server_variables)
    does, and brings the service role, the artifact bucket and the tracking server or App to what they say, as
    M(mlops.sagemaker_mlflow.mlflow_environment) does.
  - The first task of the role, and for most hosts the only one that works. Each task costs Ansible as much as the calls of a host that
    has nothing to do, so with O(only_if_alone) it also does what M(mlops.sagemaker_mlflow.mlflow_server_session) and
    M(mlops.sagemaker_mlflow.mlflow_server_summary) do.
attributes:
  action:
    description:
      - Runs on the machine that runs Ansible. M(mlops.sagemaker_mlflow.mlflow_environment) runs where the modules of the host run.
    support: full
options:
  only_if_alone:
    description:
      - Whether to do the whole deployment, to its summary, if it is nothing but role, bucket and MLflow. If there is more to do, nothing
        is done, and RV(go_on_with) names the tasks of the role that do it.
    type: bool
    default: false
  only_role:
    description: Whether to converge the service role and nothing else.
    type: bool
    default: false
  kms_key_arn:
    description: The ARN of a KMS key that was made for the artifacts.
    type: str
    default: ""
  bucket_policy_statements:
    description: Statements of the bucket's policy beside those that the variables tell.
    type: list
    elements: dict
    default: []
  begins_only:
    description: Whether not to wait until AWS has done it.
    type: bool
    default: false
extends_documentation_fragment:
  - mlops.sagemaker_mlflow.attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
seealso:
  - module: mlops.sagemaker_mlflow.mlflow_environment
"""

EXAMPLES = r"""
- name: Deploy with the role's variables
  mlops.sagemaker_mlflow.mlflow_server_deployment:
    only_if_alone: true
  register: deployment
"""

RETURN = r"""
role:
  description: What M(mlops.sagemaker_mlflow.iam_mlflow_role) returns.
  returned: when it was deployed
  type: dict
  sample: {"action": "create", "arn": "arn:aws:iam::123456789012:role/churn-mlflow-role", "changed": true, "name": "churn-mlflow-role"}
bucket:
  description: What M(mlops.sagemaker_mlflow.s3_mlflow_bucket) returns.
  returned: when it was deployed, with C(mlflow_server_create_bucket=true)
  type: dict
  sample: {"action": "none", "arn": "arn:aws:s3:::churn-mlflow-artifacts", "changed": false, "name": "churn-mlflow-artifacts"}
tracking_server:
  description: What M(mlops.sagemaker_mlflow.sagemaker_mlflow_server) returns.
  returned: when it was deployed, with C(mlflow_server_kind=tracking_server)
  type: dict
  sample: {"action": "create", "changed": true, "tracking_server_name": "churn"}
app:
  description: What M(mlops.sagemaker_mlflow.sagemaker_mlflow_app) returns.
  returned: when it was deployed, with C(mlflow_server_kind=app)
  type: dict
  sample: {"action": "none", "changed": false, "name": "research"}
other_kind:
  description: What has the same name and is of the other kind, as M(mlops.sagemaker_mlflow.mlflow_environment) returns it.
  returned: when it was deployed
  type: dict
  sample: {"mlflow_apps": []}
diff:
  description: The differences of the parts.
  returned: when it was deployed
  type: list
  elements: dict
  sample: [{"after": {"versioning": "Enabled"}, "before": {"versioning": "Suspended"}}]
go_on_with:
  description: The tasks of the role that go on from here, empty when there is nothing more to do.
  returned: success
  type: str
  sample: ""
begun:
  description: V(false) when nothing was done, and RV(go_on_with) does it all.
  returned: when nothing was done
  type: bool
  sample: false
remarks:
  description: What the reader of the summary must know besides, a sentence each.
  returned: when it was deployed
  type: list
  elements: str
  sample: ["These variables have no meaning for an App: mlflow_server_size. They change nothing."]
outputs:
  description: The outputs.
  returned: when RV(go_on_with) is empty, with O(only_if_alone=true)
  type: dict
  sample: {"mlflow_role_name": "mlflow-staging-mlflow-role"}
paths:
  description: The files of the outputs.
  returned: when RV(go_on_with) is empty, with O(only_if_alone=true)
  type: list
  elements: str
  sample: [/home/me/outputs/mlflow-staging.json, /home/me/outputs/mlflow-staging.env]
summary:
  description: The printed lines.
  returned: when RV(go_on_with) is empty, with O(only_if_alone=true)
  type: list
  elements: str
  sample: ["Done: 1 created, 0 changed, 0 deleted, 2 unchanged."]
counts:
  description: How many resources were, or would be, created, updated, deleted, left.
  returned: when RV(go_on_with) is empty, with O(only_if_alone=true)
  type: dict
  sample: {"create": 1, "update": 0, "delete": 0, "none": 2}
"""
