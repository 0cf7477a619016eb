# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes of modules that are killed for real while they wait for AWS: the next run completes what they began.

tests/exact goes through every call of many runs in the same way, in one process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import typing as t

import pytest
from fault_matrix.scenarios import ACCOUNT, BUCKET, BUCKET_WISH, NAME, ROLE, ROLE_WISH, URI

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from module_run import Modules

LIMIT = 60.0
HELD_MS = 1500
RUN = """
import json, sys
from pathlib import Path
from local_region import LocalRegion
from module_run import Modules
Modules(LocalRegion(sys.argv[1], None, Path())).run(sys.argv[2], **json.loads(sys.argv[3]))
"""
DEPLOYMENT: dict[str, t.Any] = {
    "role": {**ROLE_WISH, "propagation_delay": 0},
    "bucket": BUCKET_WISH,
    "tracking_server": {"name": NAME, "artifact_store_uri": URI, "wait_delay": 0.1},
}
KEY: dict[str, t.Any] = {"alias": "mlflow-staging", "users": [f"role/{ROLE}"], "buckets": [BUCKET]}


def kill_at(region: LocalRegion, hold: dict[str, t.Any], module: str, options: dict[str, t.Any]) -> None:
    """Kill a run while AWS holds one of its requests, which AWS then does not carry out."""
    region.inject({"code": "ServiceUnavailable", "latency_ms": HELD_MS, "times": 1, **hold})
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", RUN, region.endpoint, module, json.dumps(options)]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    until(lambda: region.admin("GET", "faults")[0]["fired"] or process.poll() is not None)
    assert process.poll() is None, process.stderr and process.stderr.read()
    process.kill()
    process.communicate()
    until(lambda: any(entry["fault"] for entry in region.log()))
    region.admin("DELETE", "faults")


def until(is_so: t.Callable[[], object]) -> None:
    limit = time.monotonic() + LIMIT
    while not is_so():
        assert time.monotonic() < limit
        time.sleep(0.02)


@pytest.mark.parametrize("calls", [6, 9, 13, 16])
def test_a_deployment_killed_after_so_many_calls_is_completed(
    region: LocalRegion, modules: Modules, calls: int
) -> None:
    region.configure(delays={"create": 0.3})
    kill_at(region, {"skip": calls}, "mlflow_environment", DEPLOYMENT)
    modules.run("mlflow_environment", **DEPLOYMENT)
    again = modules.run("mlflow_environment", **DEPLOYMENT)
    assert (again.changed, again.writes) == (False, [])
    servers = region.client("sagemaker").list_mlflow_tracking_servers()["TrackingServerSummaries"]
    assert [each["TrackingServerName"] for each in servers] == [NAME]
    assert [each["RoleName"] for each in region.client("iam").list_roles()["Roles"]] == [ROLE]
    assert [each["Name"] for each in region.client("s3").list_buckets()["Buckets"]] == [BUCKET]


def test_a_key_whose_maker_was_killed_gets_its_alias(region: LocalRegion, modules: Modules) -> None:
    kill_at(region, {"operation": "CreateAlias"}, "kms_mlflow_key", KEY)
    (made,) = region.client("kms").list_keys()["Keys"]
    run = modules.converge("kms_mlflow_key", **KEY)
    assert run.result["arn"] == made["KeyArn"] == f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{made['KeyId']}"
    assert region.client("kms").list_keys()["Keys"] == [made]
