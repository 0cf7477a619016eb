#!/usr/bin/python
# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mlflow_server_summary
short_description: Print what a run did, or would do, and state its outputs
version_added: 0.1.0
author: The mlops.sagemaker_mlflow contributors (@mlops)
description:
  - Prints one line for each resource, marked as Terraform marks it, and then the outputs.
  - With O(outputs_folder) the outputs are worked out from the results of the resources, returned, and written to
    C(<inventory_hostname>.json) for programs and to C(<inventory_hostname>.env), which a shell can source. In check
    mode the outputs are those that the run would have, and nothing is written.
  - The last task of the role P(mlops.sagemaker_mlflow.mlflow_server#role). Makes no call to AWS.
attributes:
  action:
    description: Runs on the machine that runs Ansible.
    support: full
  check_mode:
    description: Says what would be done.
    support: full
  diff_mode:
    description: Changes nothing but the files, which mirror what the resources tell.
    support: none
  idempotent:
    description: Files that hold the outputs already are not touched.
    support: full
options:
  resources:
    description: The resources of the run, in the order in which they are printed.
    type: list
    elements: dict
    required: true
    suboptions:
      kind:
        description:
          - What it is, for example V(bucket).
          - The outputs are those of V(role), V(bucket), and V(tracking server) or V(App).
        type: str
        required: true
      name:
        description: Its name in AWS.
        type: str
        required: true
      result:
        description: The registered result of the task that converged it. A skipped task is left out.
        type: dict
        required: true
  outputs_folder:
    description:
      - Where the files of the outputs go. It is made when it does not exist. When omitted, there are no outputs.
      - A value that only AWS can know is printed as C((known after the run)).
    type: path
  warnings:
    description: What the reader must know besides. Each is printed as a warning of Ansible.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Converge the bucket
  mlops.sagemaker_mlflow.s3_mlflow_bucket:
    name: mlflow-staging-mlflow-artifacts-a
  register: bucket

- name: Sum up
  mlops.sagemaker_mlflow.mlflow_server_summary:
    resources:
      - kind: bucket
        name: mlflow-staging-mlflow-artifacts-a
        result: "{{ bucket }}"
"""

RETURN = r"""
outputs:
  description: The outputs.
  returned: with O(outputs_folder)
  type: dict
  sample: {"mlflow_role_name": "mlflow-staging-mlflow-role"}
paths:
  description: The files.
  returned: with O(outputs_folder)
  type: list
  elements: str
  sample: [/home/me/outputs/mlflow-staging.json, /home/me/outputs/mlflow-staging.env]
summary:
  description: The printed lines.
  returned: always
  type: list
  elements: str
  sample:
    - "Done: 1 created, 0 changed, 0 deleted, 2 unchanged."
counts:
  description: How many resources were, or would be, created, updated, deleted, left.
  returned: always
  type: dict
  sample: {"create": 1, "update": 0, "delete": 0, "none": 2}
"""
