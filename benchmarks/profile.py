# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the time of a run that changes nothing goes: each part is the difference between two runs."""

from __future__ import annotations

import re
import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.contestants import EMPTY, OURS, Contestant
from benchmarks.environments import Environment
from benchmarks.measure import ANSIBLE_PLAYBOOK, Job, cpu_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.measure import Bench

ROUNDS = 5
PRINTING = Path(__file__).with_name("tasks.yml")
PRINTING_TASKS = 20
CLIENTS = """\
import botocore.session
session = botocore.session.get_session()
for service in ("s3", "iam", "sagemaker"):
    session.create_client(service, region_name="us-east-1", endpoint_url="http://127.0.0.1:1")
"""
_IMPORT = re.compile(r"^import time:\s+(?P<micros>\d+) \|\s+\d+ \|\s+(?P<module>\S+)", re.MULTILINE)
_AWS = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "ansible_collections.amazon")
_TASKS = re.compile(r"^TASK \[", re.MULTILINE)
_ROWS = {
    "ansible_start": "`ansible-playbook --version`: Python, Ansible, its configuration",
    "empty_play": "a play without a task: inventory, collections, plugins. **The floor of anything in Ansible**",
    "tasks": "the same number of tasks, each of which only prints: what each costs Ansible",
    "clients": "botocore, the models of three services, three clients, in a Python of their own",
    "ours": "the rest: variables, validation, signing, comparing, the outputs, the summary",
    "total": "the whole run",
    "import_ansible": "of the whole: imports of Ansible and what it stands on, in all processes",
    "import_aws": "of the whole: imports of boto3, botocore and amazon.aws",
    "import_collection": "of the whole: imports of this collection",
}


def measure(bench: Bench, report: Callable[[str], None], rounds: int = ROUNDS) -> dict[str, float]:
    """CPU milliseconds of each part, and milliseconds that the distance adds to the wall."""
    bench.region.reset()
    environment = Environment("profile")
    ours, empty = Contestant(OURS, bench.folder), Contestant(EMPTY, bench.folder)
    tasks = len(_TASKS.findall(bench.run(ours.job([environment]), 0).output))
    runs: dict[str, list[float]] = {}
    for _number in range(rounds):
        near, far = bench.run(ours.job([environment]), 0), bench.run(ours.job([environment]), 80)
        nothing = bench.run(empty.job([environment]), 0)
        found = {
            "ansible_start": cpu_of([str(ANSIBLE_PLAYBOOK), "--version"]),
            "empty_play": nothing.cpu,
            "tasks": (bench.run(_printing(empty.job([environment])), 0).cpu - nothing.cpu) / PRINTING_TASKS * tasks,
            "clients": cpu_of([sys.executable, "-c", CLIENTS]),
            "total": near.cpu,
            "wall_near": near.wall,
            "wall_far": far.wall,
        }
        for name, seconds in found.items():
            runs.setdefault(name, []).append(seconds * 1000)
        report(", ".join(f"{name} {seconds:.2f}" for name, seconds in found.items()))
    parts = {name: round(statistics.median(values), 1) for name, values in runs.items()}
    known = parts["empty_play"] + parts["tasks"] + parts["clients"]
    told = bench.with_variables(PYTHONPROFILEIMPORTTIME="1").run(ours.job([environment]), 0).output
    return {**parts, "ours": round(parts["total"] - known, 1), "task_count": tasks, **imports(told)}


def imports(told: str) -> dict[str, float]:
    """Milliseconds of imports, from what Python tells of each with PYTHONPROFILEIMPORTTIME."""
    found = {"import_ansible": 0.0, "import_aws": 0.0, "import_collection": 0.0}
    for match in _IMPORT.finditer(told):
        module = match["module"]
        if module.startswith("ansible_collections.mlops"):
            kind = "import_collection"
        else:
            kind = "import_aws" if module.startswith(_AWS) else "import_ansible"
        found[kind] += int(match["micros"]) / 1000
    return {kind: round(millis, 1) for kind, millis in found.items()}


def rows(parts: Mapping[str, float]) -> list[list[str]]:
    """The parts for a page."""
    found = [[name.replace("_", " "), f"{parts[name]:.0f}", text] for name, text in _ROWS.items() if name in parts]
    if "wall_far" not in parts:
        return found
    distance = parts["wall_far"] - parts["wall_near"]
    near = f"{parts['wall_near']:.0f} ms of wall with AWS next door, {parts['wall_far']:.0f} ms at 80 ms"
    return [*found, ["distance", "0", f"{distance:.0f} ms of wall: {near}"]]


def _printing(job: Job) -> Job:
    return Job("tasks that print", PRINTING, job.inventory)


def text(parts: Mapping[str, float]) -> str:
    """The parts for a terminal."""
    return "\n".join(f"{name:>14}  {value:>8}  {meaning}" for name, value, meaning in rows(parts))
