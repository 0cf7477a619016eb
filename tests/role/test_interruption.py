# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that are killed in the middle, and runs that meet."""

from __future__ import annotations

import os
import signal
import time
import typing as t

import pytest

if t.TYPE_CHECKING:
    from playbook_run import Project

LIMIT = 60
WRITES = [
    "iam:CreateRole",
    "iam:PutRolePolicy",
    "s3:CreateBucket",
    "s3:PutBucketVersioning",
    "s3:PutBucketPolicy",
    "sagemaker:CreateMlflowTrackingServer",
]


def kill_after(project: Project, call: str, playbook: str, **variables: t.Any) -> None:
    """Kill the whole run, without a chance to tidy up, as soon as AWS has received one call."""
    project.region.clear_log()
    process = project.start(playbook, **variables)
    limit = time.monotonic() + LIMIT
    while call not in project.region.calls():
        assert time.monotonic() < limit, f"{call} was never made"
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize("call", WRITES)
def test_a_deployment_that_was_killed_is_completed_by_the_next(project: Project, call: str) -> None:
    project.region.configure(delays={"create": 2})
    project.region.inject({"service": "*", "operation": "*", "latency_ms": 100})
    kill_after(project, call, "deploy")
    project.region.admin("DELETE", "faults")
    completed = project.succeed("deploy")
    assert "failed=0" in completed.output
    assert project.outputs["status"] == "Created"
    again = project.succeed("deploy")
    assert (again.changed, again.writes) == (0, [])


@pytest.mark.parametrize("call", ["sagemaker:DeleteMlflowTrackingServer", "iam:DeleteRolePolicy", "s3:DeleteObjects"])
def test_a_destruction_that_was_killed_is_completed_by_the_next(project: Project, call: str) -> None:
    project.succeed("deploy")
    bucket = project.outputs["artifacts_bucket_name"]
    project.region.client("s3").put_object(Bucket=bucket, Key="a", Body=b"1")
    project.region.configure(delays={"delete": 2})
    project.region.inject({"service": "*", "operation": "*", "latency_ms": 100})
    kill_after(project, call, "destroy", mlflow_server_protect=False)
    project.region.admin("DELETE", "faults")
    project.succeed("destroy", mlflow_server_protect=False)
    assert project.region.client("s3").list_buckets()["Buckets"] == []
    again = project.succeed("destroy", mlflow_server_protect=False)
    assert (again.changed, again.writes) == (0, [])


def test_two_deployments_of_one_environment_at_once(project: Project) -> None:
    project.region.configure(delays={"create": 2})
    project.region.inject({"service": "*", "operation": "*", "latency_ms": 50})
    runs = [project.start("deploy") for _number in range(2)]
    outputs = [run.communicate(timeout=LIMIT * 2)[0] for run in runs]
    for run, output in zip(runs, outputs, strict=True):
        assert run.returncode == 0 or "changed by somebody else" in output, output
    assert 0 in [run.returncode for run in runs]
    project.region.admin("DELETE", "faults")
    again = project.succeed("deploy")
    assert (again.changed, again.writes) == (0, [])
    roles = [role["RoleName"] for role in project.region.client("iam").list_roles()["Roles"]]
    assert roles.count("mlflow-test-mlflow-role") == 1
