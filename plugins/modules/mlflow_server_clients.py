#!/usr/bin/python
# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mlflow_server_clients
short_description: Print and write what people need to use a managed MLflow
version_added: 0.1.0
author: The mlops.sagemaker_mlflow contributors (@mlops)
description:
  - Writes C(requirements.txt) with the versions that fit, C(mlflow.sh) for shells, C(mlflow.env) for containers and editors,
    C(quickstart.py), C(quickstart.ipynb), C(training_job.json) with the part of CreateTrainingJob that names the MLflow, and
    C(train.py), a script for such a job. Prints all of them but the notebook.
  - No file holds a secret. Everybody uses AWS credentials of their own.
  - Used by the role P(mlops.sagemaker_mlflow.mlflow_server#role). Makes no call to AWS.
attributes:
  action:
    description: Runs on the machine that runs Ansible, and writes there.
    support: full
  check_mode:
    description: Prints the set-up and says whether the files would change.
    support: full
  diff_mode:
    description: Shows the lines that change.
    support: full
  idempotent:
    description: Files that hold the set-up already are not touched.
    support: full
options:
  folder:
    description: The folder of the files, for this MLflow alone. It is made when it does not exist, and removed when it is empty.
    type: path
    required: true
  tracking_uri:
    description: The ARN of the tracking server or of the App. Needed for O(state=present).
    type: str
  mlflow_version:
    description:
      - The version of MLflow that AWS says it runs, for example V(3.0.0). Needed for O(state=present).
      - Where AWS names a client for it (2.13, 2.16, 3.0), C(requirements.txt) has that one, otherwise the newest patch of the
        same major and minor number.
    type: str
  environment:
    description:
      - Environment variables of the deployment. The files get those that say where AWS answers, such as C(AWS_ENDPOINT_URL)
        and C(SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT), and no others, so credentials may be among them.
    type: dict
    default: {}
  state:
    description: V(present) writes the files, V(absent) removes them.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Look up the tracking server
  mlops.sagemaker_mlflow.sagemaker_mlflow_server_info:
    name: mlflow-staging-mlflow
  register: found

- name: Hand data scientists their set-up
  mlops.sagemaker_mlflow.mlflow_server_clients:
    folder: "{{ playbook_dir }}/outputs/mlflow-staging-clients"
    tracking_uri: "{{ found.tracking_servers[0].tracking_uri }}"
    mlflow_version: "{{ found.tracking_servers[0].mlflow_version }}"

- name: Remove it
  mlops.sagemaker_mlflow.mlflow_server_clients:
    folder: "{{ playbook_dir }}/outputs/mlflow-staging-clients"
    state: absent
"""

RETURN = r"""
paths:
  description: The files.
  returned: success
  type: list
  elements: str
  sample: [/home/me/outputs/mlflow-staging-clients/requirements.txt, /home/me/outputs/mlflow-staging-clients/mlflow.sh]
requirements:
  description: The packages of a client, as in C(requirements.txt).
  returned: O(state=present)
  type: list
  elements: str
  sample: [mlflow==3.0.0, mlflow-skinny==3.0.0, "sagemaker-mlflow>=0.1.0"]
diff:
  description: What changes in which file.
  returned: success
  type: list
  elements: dict
"""
