#!/usr/bin/python
# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mlflow_server_wait
short_description: Wait for the servers of all hosts together
version_added: 0.1.0
author: The mlops.sagemaker_mlflow contributors (@mlops)
description:
  - A task that waits keeps one of Ansible's workers (C(forks)) busy. With more hosts than workers the rest would not even be
    looked at meanwhile. This waits for one host and shows the progress of every host of the play that is waited for, a line at
    each change of its state and once a minute.
  - Each host must have asked AWS for its change before, with O(mlops.sagemaker_mlflow.sagemaker_mlflow_server#module:wait=false) or
    O(mlops.sagemaker_mlflow.sagemaker_mlflow_app#module:wait=false).
  - It does not judge how the change ended. Run the module that asked for it once more, with C(wait=true), which resumes.
  - Does nothing when the connection is not local, when the machine that runs Ansible has no boto3, or when AWS does not let it
    look. Then that second run waits.
  - Used by the role P(mlops.sagemaker_mlflow.mlflow_server#role).
attributes:
  action:
    description: Runs on the machine that runs Ansible.
    support: full
  check_mode:
    description: Waits for nothing, as nothing was asked for.
    support: full
  diff_mode:
    description: Changes nothing, so there is nothing to compare.
    support: none
  idempotent:
    description: Changes nothing.
    support: full
options:
  registered:
    description:
      - The variables that every host has registered the results of M(mlops.sagemaker_mlflow.sagemaker_mlflow_server),
        M(mlops.sagemaker_mlflow.sagemaker_mlflow_app) or M(mlops.sagemaker_mlflow.mlflow_environment) under.
    type: list
    elements: str
    required: true
  environment_variable:
    description: The variable of each host that holds the environment variables of its calls.
    type: str
  session_variable:
    description: The variable that a host which took a role has registered the result of M(mlops.sagemaker_mlflow.mlflow_server_session) under.
    type: str
  timeout:
    description: The longest time in seconds.
    type: int
    default: 3600
  delay:
    description: The pause in seconds between two looks. The first pauses are shorter.
    type: float
    default: 30
notes:
  - IAM actions needed are C(sagemaker:DescribeMlflowTrackingServer) and C(sagemaker:DescribeMlflowApp), as for the modules themselves.
"""

EXAMPLES = r"""
- name: Begin to start the tracking server
  mlops.sagemaker_mlflow.sagemaker_mlflow_server:
    name: "{{ inventory_hostname }}"
    state: started
    wait: false
  register: server

- name: Wait with all hosts together
  mlops.sagemaker_mlflow.mlflow_server_wait:
    registered: [server]

- name: See how it ended
  mlops.sagemaker_mlflow.sagemaker_mlflow_server:
    name: "{{ inventory_hostname }}"
    state: started
"""

RETURN = r"""
waited:
  description: Whether this could be waited for here, and AWS is at work no more.
  returned: success
  type: bool
  sample: true
others_begin:
  description: Whether hosts of the play have not asked AWS yet, as may be with the strategy C(free). Then ask again.
  returned: success
  type: bool
  sample: false
status:
  description: The status that AWS told last.
  returned: when it was waited
  type: str
  sample: Created
elapsed:
  description: How many seconds it took, from the first look.
  returned: when it was waited
  type: int
  sample: 1260
"""
