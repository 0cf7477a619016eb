# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each further host costs the machine that runs Ansible."""

from __future__ import annotations

import os
import typing as t

if t.TYPE_CHECKING:
    from playbook_run import Project

FEW, MANY = 2, 200
MOST_MEBIBYTES = 60.0
"""What 200 hosts may take beside what two take: far less than one more process would."""


def peak(project: Project, hosts: int) -> float:
    """The largest process, in MiB, of a run that checks the variables of so many hosts."""
    project.hosts = {f"mlflow{number}": {"mlflow_server_project_name": f"p{number}"} for number in range(hosts)}
    process = project.start("deploy", "--tags", "mlflow_server_check", "--forks", "10")
    assert process.stdout is not None
    output = process.stdout.read()
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, output
    assert output.count("failed=0") == hosts
    return usage.ru_maxrss / 1024


def test_memory_is_flat(project: Project) -> None:
    assert peak(project, MANY) - peak(project, FEW) < MOST_MEBIBYTES
