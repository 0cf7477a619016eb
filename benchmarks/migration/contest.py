# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One migration of one workload by one tool, between two real MLflow servers on this machine, and what it cost."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import boto3
from local_region import REPOSITORY, LocalRegion, start, stop
from migration_comparison import Comparison, Side, bucket_files, folder_files
from migration_servers import FaultyProxy, mlflow_server, write_workload

if TYPE_CHECKING:
    import resource
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MODULE = "ansible_collections.mlops.sagemaker_mlflow.plugins.modules.mlflow_migration"
PEER = REPOSITORY / ".venv" / "bench-migration" / "bin"
COUNTED = ("experiments", "runs", "metrics", "params", "logged_models", "model_versions", "trace_info")
"""Tables whose rows are counted on both sides: a tool that keeps no origin cannot be compared thing by thing."""
BUCKET = "experiments"
WORKERS = 4
"""Of each server: as many as MLflow starts when nobody says otherwise."""
FOREIGN = ("AWS_", "ANSIBLE_", "MLFLOW_", "PYTHON")


class MeasurementError(Exception):
    """Something that is measured did not do what it had to."""


@dataclass(frozen=True)
class Scenario:
    """What moves, and how far.

    :param kind: C(plain) is what every tool can read, C(real) what a year of MLflow 3 leaves behind.
    :param delay: seconds that each request to either server takes more.
    :param allowed: requests that the target takes in a second; unlimited when 0.
    :param steps: of each metric: with few of them, requests cost the target's server so little that only the limit counts.
    :param is_compared: with the other tool; a limit is judged by itself.
    :param is_past_the_source: the source's files are read where they are and not from its server, as those of managed servers are.
    """

    name: str
    kind: str
    runs: int
    delay: float = 0.0
    allowed: int = 0
    steps: int = 200
    is_compared: bool = True
    is_past_the_source: bool = False


@dataclass
class Outcome:
    """What a tool needed, and what arrived.

    :param refused: requests that came faster than the target allows; among those of the target.
    :param arrived: rows of the target by table, as a part of the source's.
    :param differences: found by comparing both sides thing by thing; None for a tool that keeps no origin.
    """

    scenario: str
    contestant: str
    wall: float
    cpu: float
    memory_mib: float
    requests_of_source: int
    requests_of_target: int
    writes: int
    code: int
    refused: int = 0
    arrived: dict[str, str] = field(default_factory=dict)
    differences: int | None = None

    def report(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Spent:
    """What processes took together."""

    wall: float
    cpu: float
    memory_mib: float
    code: int


@dataclass
class Stage:
    """A source that is ready, behind a network that counts, and a region where targets keep their files."""

    scenario: Scenario
    folder: Path
    source: Path
    source_url: str
    near: FaultyProxy
    region: LocalRegion

    @property
    def server(self) -> dict[str, str]:
        """The source as its server has it."""
        place = {"artifacts_destination": str(self.source / "artifacts")} if self.scenario.is_past_the_source else {}
        return {"uri": self.source_url, **place}

    @contextlib.contextmanager
    def target(self, name: str) -> Iterator[tuple[Path, str, FaultyProxy]]:
        """An empty MLflow server that keeps its files in S3, as a managed one does; its folder, URL, and what is in between."""
        folder = self.folder / name
        folder.mkdir()
        root = f"s3://{BUCKET}/{name.replace(' ', '-')}"
        with mlflow_server(folder, workers=WORKERS, artifact_root=root) as url:
            far = FaultyProxy(url, delay=self.scenario.delay, allowed=self.scenario.allowed)
            _warm_up(url)
            with far.running() as address:
                yield folder, address, far
        shutil.rmtree(folder)

    def differences(self, target: Path) -> int:
        """Between the source and what a target's folder and the bucket hold.

        Found in a process of its own: on Linux, the most memory that a process has had is also what those begin with that it starts.
        """
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
            return apart.submit(_differences, self.source, target, self.region.environment).result()


def _differences(source: Path, target: Path, environment: dict[str, str]) -> int:
    os.environ.update(environment)
    here = folder_files(source / "artifacts")
    there = bucket_files(boto3.client("s3"), here)
    return len(Comparison(Side(source / "mlflow.db", here), Side(target / "mlflow.db", there)).all())


@contextlib.contextmanager
def stage(scenario: Scenario, folder: Path) -> Iterator[Stage]:
    """Write the workload and start its server. The database is as MLflow leaves it: nobody has analysed it."""
    source = folder / "source"
    write_workload(source, "--kind", scenario.kind, "--runs", str(scenario.runs), "--steps", str(scenario.steps))
    with _region(folder / "aws") as region, mlflow_server(source, workers=WORKERS) as url:
        _warm_up(url)
        near = FaultyProxy(url, delay=scenario.delay)
        with near.running() as address:
            yield Stage(scenario, folder, source, address, near, region)


def _warm_up(url: str) -> None:
    """Have every worker of a server answer what is read most: each imports the greater part of MLflow with its first answer."""
    experiments = _ask(url, "experiments/search", {"max_results": 100})["experiments"]
    ids = [each["experiment_id"] for each in experiments]
    for _number in range(8 * WORKERS):
        found = _ask(url, "runs/search", {"experiment_ids": ids, "max_results": 1}).get("runs")
        if found:
            run_id = found[0]["info"]["run_id"]
            _ask(url, f"runs/get?run_id={run_id}")
            _ask(url, f"artifacts/list?run_id={run_id}")


def _ask(url: str, path: str, question: dict[str, Any] | None = None) -> dict[str, Any]:
    body = None if question is None else json.dumps(question).encode()
    asked = urllib.request.Request(f"{url}/api/2.0/mlflow/{path}", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        answered: dict[str, Any] = json.load(answer)
    return answered


@contextlib.contextmanager
def _region(home: Path) -> Iterator[LocalRegion]:
    region = start(home, "--mlflow", "off")
    try:
        region.client("s3").create_bucket(Bucket=BUCKET)
        yield region
    finally:
        stop(region)


def ours(stage: Stage, name: str, source: dict[str, str], again: bool = False) -> Iterator[Outcome]:
    """Our module from a source; a second time from an unchanged source when C(again)."""
    with stage.target(name) as (folder, url, far):
        arguments = stage.folder / f"{name}.json"
        wish = {"source": source, "target": {"uri": url}, "verify": "none"}
        arguments.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": wish}))
        command = [sys.executable, "-m", MODULE, str(arguments)]
        environment = {**stage.region.environment, "PYTHONPATH": str(REPOSITORY / "playbooks" / "collections")}
        for label in (name, f"{name}, again") if again else (name,):
            spent = _run([command], environment, stage.folder / f"{name}.log")
            if spent.code:
                raise MeasurementError(f"{label}: {(stage.folder / f'{name}.log').read_text()[-2000:]}")
            outcome = _outcome(stage, label, far, spent, folder)
            # What looks like a write may be a question whether the server knows a path.
            outcome.writes = _result(stage.folder / f"{name}.log")["traffic"]["target"]["writes"]
            outcome.differences = stage.differences(folder)
            yield outcome


def peer(stage: Stage) -> Outcome:
    """mlflow-export-import: everything into files, and from them into the target."""
    files = stage.folder / "exported"
    with stage.target("peer") as (folder, url, far):
        export = [str(PEER / "export-all"), "--output-dir", str(files)]
        bring = [str(PEER / "import-all"), "--input-dir", str(files)]
        log = stage.folder / "peer.log"
        aws = stage.region.environment
        first = _run([export], {**aws, "MLFLOW_TRACKING_URI": stage.source_url}, log)
        second = _run([bring], {**aws, "MLFLOW_TRACKING_URI": url}, log) if files.exists() else first
        both = Spent(
            first.wall + second.wall if files.exists() else first.wall,
            first.cpu + second.cpu if files.exists() else first.cpu,
            max(first.memory_mib, second.memory_mib),
            first.code or second.code,
        )
        outcome = _outcome(stage, "mlflow-export-import", far, both, folder)
    shutil.rmtree(files, ignore_errors=True)
    return outcome


def _run(commands: Sequence[list[str]], environment: dict[str, str], log: Path) -> Spent:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(FOREIGN)}
    began, cpu, memory, code = time.monotonic(), 0.0, 0.0, 0
    with log.open("ab") as output:
        for command in commands:
            process = subprocess.Popen(command, env={**kept, **environment}, stdout=output, stderr=output)
            _pid, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            cpu += used.ru_utime + used.ru_stime
            memory = max(memory, _mebibytes(used))
            code = code or process.returncode
    return Spent(time.monotonic() - began, cpu, memory, code)


def _result(log: Path) -> dict[str, Any]:
    """What the module returned at last."""
    lines = [line for line in log.read_text().splitlines() if line.startswith("{")]
    result: dict[str, Any] = json.loads(lines[-1])
    return result


def _mebibytes(used: resource.struct_rusage) -> float:
    """Linux counts in KiB, macOS in bytes."""
    return used.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def _outcome(stage: Stage, name: str, far: FaultyProxy, spent: Spent, target: Path) -> Outcome:
    reads = ("GET", "search", "get-history", "/traces/batchGet")
    writes = [line for line in far.requests if not any(each in line for each in reads)]
    outcome = Outcome(
        stage.scenario.name,
        name,
        round(spent.wall, 2),
        round(spent.cpu, 2),
        round(spent.memory_mib, 1),
        len(stage.near.requests),
        len(far.requests),
        len(writes),
        spent.code,
        far.refused,
        _arrived(stage.source, target),
    )
    stage.near.requests.clear()
    far.requests.clear()
    far.refused = 0
    return outcome


def _arrived(source: Path, target: Path) -> dict[str, str]:
    return {table: f"{_rows(target, table)}/{_rows(source, table)}" for table in COUNTED}


def _rows(folder: Path, table: str) -> int:
    with closing(sqlite3.connect(f"file:{folder}/mlflow.db?mode=ro", uri=True)) as connection:
        return int(connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])
