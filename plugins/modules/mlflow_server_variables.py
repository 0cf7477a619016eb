#!/usr/bin/python
# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mlflow_server_variables
short_description: Check the variables of the role mlflow_server
version_added: 0.1.0
author: The mlops.sagemaker_mlflow contributors (@mlops)
description:
  - Fails when a variable of the role P(mlops.sagemaker_mlflow.mlflow_server#role) does not exist, has no value, has a value
    that AWS would refuse, or contradicts another one. The message tells everything that is wrong.
  - The first task of the role, also for a play that wants to check the variables and nothing else. Makes no call to AWS.
attributes:
  action:
    description: Runs on the machine that runs Ansible.
    support: full
  check_mode:
    description: Changes nothing.
    support: full
  diff_mode:
    description: Changes nothing, so there is nothing to compare.
    support: none
  idempotent:
    description: Changes nothing.
    support: full
options: {}
"""

EXAMPLES = r"""
- name: Check the variables
  mlops.sagemaker_mlflow.mlflow_server_variables: {}
"""

RETURN = r"""
without_meaning:
  description: A sentence about variables that have no meaning for the kind of MLflow, if there are any.
  returned: success
  type: list
  elements: str
  sample: ["These variables have no meaning for an App: mlflow_server_size. They change nothing."]
"""
