#!/usr/bin/python
# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mlflow_server_session
short_description: Take a role once for a whole run
version_added: 0.1.0
author: The mlops.sagemaker_mlflow contributors (@mlops)
description:
  - Calls sts:AssumeRole and keeps the credentials in files that only their owner can read, in Ansible's own temporary folder,
    which Ansible removes when the run ends.
  - The result has no secret. It has the environment variables by which every module, and every other program that uses boto3,
    finds the files, so nothing secret shows in the most verbose output either.
  - A second call in the same run, for any host, with the same role and the same credentials, uses the session again unless it
    ends soon.
  - Used by the role P(mlops.sagemaker_mlflow.mlflow_server#role) for its variable C(mlflow_server_assume_role_arn).
attributes:
  action:
    description: Runs on the machine that runs Ansible. The tasks that use the session must run there too.
    support: full
  check_mode:
    description: Takes the role in check mode too, as a preview reads with it.
    support: full
  diff_mode:
    description: Changes nothing in AWS, so there is nothing to compare.
    support: none
  idempotent:
    description: Changes nothing in AWS.
    support: full
options:
  role_arn:
    description: The ARN of the role.
    type: str
    required: true
  external_id:
    description: The external id that the role's trust policy asks for.
    type: str
  session_name:
    description: The name of the session, which CloudTrail shows.
    type: str
    default: mlops.sagemaker_mlflow
  duration_seconds:
    description:
      - How long the credentials last, V(900) to V(43200), and at most as long as the role allows. AWS allows V(3600) to whoever is
        a session of another role.
      - A run that takes longer than that fails with an error of expired credentials and can be repeated.
    type: int
    default: 3600
  region:
    description: The Region of the call to STS. When omitted, that of the environment or the profile.
    type: str
  environment:
    description: Environment variables, among them those of the credentials that the role is taken with.
    type: dict
    default: {}
notes:
  - The caller needs C(sts:AssumeRole) on the role, and the role's trust policy must name the caller.
"""

EXAMPLES = r"""
- name: Take the role of the production account
  mlops.sagemaker_mlflow.mlflow_server_session:
    role_arn: arn:aws:iam::123456789012:role/mlflow-deployer
    session_name: release-42
  register: session

- name: Use it
  mlops.sagemaker_mlflow.sagemaker_mlflow_server_info:
    region: eu-west-1
  environment: "{{ session.environment }}"
"""

RETURN = r"""
role_arn:
  description: The role.
  returned: success
  type: str
  sample: arn:aws:iam::123456789012:role/mlflow-deployer
assumed:
  description: Whether this call took it, and not another one of the same run.
  returned: success
  type: bool
  sample: true
environment:
  description: >-
    Environment variables for tasks that shall use the role. They name files, and empty those that would lead to other
    credentials.
  returned: success
  type: dict
  sample: {"AWS_PROFILE": "mlflow-0123456789abcdef", "AWS_ACCESS_KEY_ID": ""}
"""
