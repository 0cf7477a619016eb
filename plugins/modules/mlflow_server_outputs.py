#!/usr/bin/python
# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mlflow_server_outputs
short_description: Write the outputs of a deployment to files
version_added: 0.1.0
author: The mlops.sagemaker_mlflow contributors (@mlops)
description:
  - Writes the outputs to C(<name>.json) for programs, and to C(<name>.env), which a shell can source.
  - Used by the role P(mlops.sagemaker_mlflow.mlflow_server#role). Makes no call to AWS.
attributes:
  action:
    description: Runs on the machine that runs Ansible, and writes there.
    support: full
  check_mode:
    description: Says whether the files would change.
    support: full
  diff_mode:
    description: Shows the lines that change.
    support: full
  idempotent:
    description: Files that hold the outputs already are not touched.
    support: full
options:
  folder:
    description: The folder of the files. It is made when it does not exist.
    type: path
    required: true
  name:
    description: The name of the files, without their ending.
    type: str
    required: true
  outputs:
    description: The outputs. Needed for O(state=present).
    type: dict
  state:
    description: V(present) writes the files, V(absent) removes them.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Hand the tracking URI to other programs
  mlops.sagemaker_mlflow.mlflow_server_outputs:
    folder: "{{ playbook_dir }}/outputs"
    name: "{{ inventory_hostname }}"
    outputs:
      mlflow_tracking_uri: "{{ server.tracking_uri }}"

- name: Remove them
  mlops.sagemaker_mlflow.mlflow_server_outputs:
    folder: "{{ playbook_dir }}/outputs"
    name: "{{ inventory_hostname }}"
    state: absent
"""

RETURN = r"""
paths:
  description: The files.
  returned: success
  type: list
  elements: str
  sample: [/home/me/outputs/mlflow-staging.json, /home/me/outputs/mlflow-staging.env]
diff:
  description: What changes in which file.
  returned: success
  type: list
  elements: dict
"""
