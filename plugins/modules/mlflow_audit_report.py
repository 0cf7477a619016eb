#!/usr/bin/python
# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mlflow_audit_report
short_description: Print and write the report of an audit
version_added: 0.1.0
author: The mlops.sagemaker_mlflow contributors (@mlops)
description:
  - Prints a table of all controls with what to change, and writes C(<name>-audit.json) and C(<name>-audit.md).
  - The files have no times in them, so two of them differ only when the environment does.
  - Used by the role P(mlops.sagemaker_mlflow.mlflow_server#role). Makes no call to AWS.
attributes:
  action:
    description: Runs on the machine that runs Ansible, and writes there.
    support: full
  check_mode:
    description: Prints the table and says whether the files would change.
    support: full
  diff_mode:
    description: Shows the lines that change.
    support: full
  idempotent:
    description: Files that hold the report already are not touched.
    support: full
options:
  folder:
    description: The folder of the files. It is made when it does not exist.
    type: path
    required: true
  name:
    description: First part of the names of the files.
    type: str
    required: true
  audit:
    description: The result of M(mlops.sagemaker_mlflow.mlflow_audit_info). Needed for O(state=present).
    type: dict
  state:
    description: V(present) writes the files, V(absent) removes them.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Audit a tracking server
  mlops.sagemaker_mlflow.mlflow_audit_info:
    name: mlflow-staging-mlflow
  register: audit

- name: Report it
  mlops.sagemaker_mlflow.mlflow_audit_report:
    folder: "{{ playbook_dir }}/outputs"
    name: mlflow-staging
    audit: "{{ audit }}"

- name: Remove the report
  mlops.sagemaker_mlflow.mlflow_audit_report:
    folder: "{{ playbook_dir }}/outputs"
    name: mlflow-staging
    state: absent
"""

RETURN = r"""
summary:
  description: How many controls have each status, and what makes the audit fail.
  returned: O(state=present)
  type: str
  sample: 3 n/a, 30 pass, 5 accepted, 0 unknown, 1 fail. The audit fails because of S3.17.
paths:
  description: The files.
  returned: success
  type: list
  elements: str
  sample: [/home/me/outputs/mlflow-staging-audit.json, /home/me/outputs/mlflow-staging-audit.md]
diff:
  description: What changes in which file.
  returned: success
  type: list
  elements: dict
"""
