# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nothing is lost and nothing is there twice, whatever the network does and whoever is killed."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import typing as t
from dataclasses import dataclass

from local_region import REPOSITORY, LocalRegion
from migration_servers import FaultyProxy, Managed, new_app
from module_run import Modules

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._rest_histories import WHOLE_PATH

if t.TYPE_CHECKING:
    from pathlib import Path

    from local_aws.managed_mlflow import ManagedMlflow

MODULE = "mlflow_migration"
PACKAGE = "ansible_collections.mlops.sagemaker_mlflow.plugins.modules.mlflow_migration"
KILLS = 10


@dataclass
class RegionBehindProxy(LocalRegion):
    """The same AWS, with MLflow behind a proxy."""

    proxy: str = ""

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": self.proxy}


def behind(region: LocalRegion, proxy: str) -> RegionBehindProxy:
    return RegionBehindProxy(region.endpoint, region.process, region.home, proxy)


def wish(source: str, target: Managed) -> dict[str, t.Any]:
    return {"source": {"uri": source}, "target": {"uri": target.arn}, "region": "us-east-1"}


def test_faults_of_every_kind_at_both_ends_change_nothing(
    self_hosted: Path, url: str, managed_mlflow: ManagedMlflow
) -> None:
    near, far = FaultyProxy(url, share=0.05), FaultyProxy(managed_mlflow.region.endpoint, share=0.05)
    with new_app(managed_mlflow, "faults") as target, near.running() as source, far.running() as endpoint:
        modules = Modules(behind(managed_mlflow.region, endpoint))
        run = modules.run(MODULE, **wish(source, target), requests_per_second=400)
        assert near.faults >= 5 and far.faults >= 5
        histories = {line.split("?")[0] for line in near.requests if "/metrics/" in line}
        assert histories == {f"GET {WHOLE_PATH}"}
        assert run.result["traffic"]["target"]["retries"] > 0 and run.result["traffic"]["source"]["retries"] > 0
        assert target.differences(self_hosted) == []
        assert (run.result["losses"], run.result["differences"]) == (0, 0)


@dataclass
class Killer:
    """Runs the migration as a process of its own, and kills somebody."""

    arguments: Path
    source: FaultyProxy
    target: Managed
    environment: dict[str, str]

    def attempt(self, far: FaultyProxy, outage: int, end: int, victim: str) -> int:
        """The client's exit code: negative when it was killed."""
        client = subprocess.Popen(
            [sys.executable, "-m", PACKAGE, str(self.arguments)],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        far.requests.clear()
        far.moments = {outage: self.target.kill if victim == "target" else self._stop_source, end: client.kill}
        return client.wait(300)

    def _stop_source(self) -> None:
        """For long enough that some requests meet nobody."""
        self.source.is_down = True
        threading.Timer(0.5, self._start_source).start()

    def _start_source(self) -> None:
        self.source.is_down = False


def test_whoever_is_killed_at_whatever_moment_it_goes_on_where_it_was(
    self_hosted: Path, url: str, managed_mlflow: ManagedMlflow, tmp_path: Path
) -> None:
    """Ten times: the target's process or the source dies, and a little later the migration itself."""
    chance = random.Random(20261128)
    near, far = FaultyProxy(url), FaultyProxy(managed_mlflow.region.endpoint)
    arguments = tmp_path / "arguments.json"
    with new_app(managed_mlflow, "killed") as target, near.running() as source, far.running() as endpoint:
        arguments.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": {**wish(source, target), "verify": "none"}}))
        environment = {**os.environ, **behind(managed_mlflow.region, endpoint).environment}
        environment["PYTHONPATH"] = str(REPOSITORY / "playbooks" / "collections")
        killer = Killer(arguments, near, target, environment)
        codes, progress = [], []
        for number in range(KILLS):
            outage = chance.randrange(2, 25)
            end = outage + chance.randrange(3, 20)
            codes.append(killer.attempt(far, outage, end, ("target", "source")[number % 2]))
            progress.append(target.count("runs"))
        assert [code < 0 for code in codes] == [True] * KILLS, "it had ended before it was killed"
        assert progress == sorted(progress)
        far.moments = {}
        run = Modules(managed_mlflow.region).run(MODULE, **wish(url, target))
        assert target.differences(self_hosted) == []
        assert (run.result["losses"], run.result["differences"]) == (0, 0)
