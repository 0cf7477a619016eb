# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nothing is lost and nothing is there twice, whatever the network does and whenever the migration is killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from dataclasses import dataclass

from local_region import REPOSITORY, LocalRegion
from migration_servers import FaultyProxy, Managed, new_app
from module_run import Modules

if t.TYPE_CHECKING:
    from pathlib import Path

    from local_aws.managed_mlflow import ManagedMlflow

MODULE = "mlflow_migration"
PACKAGE = "ansible_collections.mlops.sagemaker_mlflow.plugins.modules.mlflow_migration"


@dataclass
class RegionBehindProxy(LocalRegion):
    """The same AWS, with MLflow behind a proxy."""

    proxy: str = ""

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": self.proxy}


def behind(region: LocalRegion, proxy: str) -> RegionBehindProxy:
    return RegionBehindProxy(region.endpoint, region.process, region.home, proxy)


def wish(source: Path, target: Managed) -> dict[str, t.Any]:
    here = {"uri": f"sqlite:///{source}/mlflow.db", "artifacts_destination": str(source / "artifacts")}
    return {"source": here, "target": {"uri": target.arn}, "region": "us-east-1"}


def test_faults_of_every_kind_change_nothing(little: Path, managed_mlflow: ManagedMlflow) -> None:
    target = new_app(managed_mlflow, "faults")
    proxy = FaultyProxy(managed_mlflow.region.endpoint, share=0.1)
    with proxy.running() as url:
        run = Modules(behind(managed_mlflow.region, url)).run(MODULE, **wish(little, target))
    assert proxy.faults >= 10
    assert run.result["traffic"]["target"]["retries"] > 0
    assert target.differences(little) == []
    assert (run.result["losses"], run.result["differences"]) == (0, 0)


def test_a_migration_that_is_killed_goes_on_where_it_was(
    little: Path, managed_mlflow: ManagedMlflow, tmp_path: Path
) -> None:
    target = new_app(managed_mlflow, "killed")
    arguments = tmp_path / "arguments.json"
    arguments.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": {**wish(little, target), "verify": "none"}}))
    for requests in (17, 30, 43):
        proxy = FaultyProxy(managed_mlflow.region.endpoint, stop_after=requests)
        with proxy.running() as url:
            environment = {**os.environ, **behind(managed_mlflow.region, url).environment}
            environment["PYTHONPATH"] = str(REPOSITORY / "playbooks" / "collections")
            command = [sys.executable, "-m", PACKAGE, str(arguments)]
            process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            assert proxy.stopped.wait(300)
            process.kill()
            assert process.wait(30) < 0, "it had ended before it was killed"
    run = Modules(managed_mlflow.region).run(MODULE, **wish(little, target))
    assert target.differences(little) == []
    assert (run.result["losses"], run.result["differences"]) == (0, 0)
