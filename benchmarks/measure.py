# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of ansible-playbook against the region, and what it cost."""

from __future__ import annotations

import contextlib
import copy
import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from local_region import ACCOUNT, REPOSITORY

from localaws.distance import round_trips

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from local_region import LocalRegion

RateLimits = dict[str, dict[str, float]]
ANSIBLE_PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
FOREIGN = ("AWS_", "ANSIBLE_", "MLFLOW_", "PYTHON")
"""Variables of whoever measures that no run takes over: without bytecode, for one, Python is another one."""
RECAP = re.compile(r"^\S+\s+: ok=\d+\s+changed=(?P<changed>\d+)", re.MULTILINE)
SAMPLE_SECONDS = 0.05


class RunFailedError(Exception):
    """A run ended in another way than it had to."""


@dataclass(frozen=True)
class Job:
    """What is to be run: a playbook over an inventory."""

    name: str
    playbook: Path
    inventory: Mapping[str, Any]
    arguments: tuple[str, ...] = ()
    forks: int = 10
    code: int = 0


@dataclass(frozen=True)
class Cost:
    """What one run cost, and what it said."""

    wall: float
    cpu: float
    calls: Counter[str]
    writes: int
    chain: int
    connections: int
    largest_process_mib: float
    memory_mib: float
    changed: int
    output: str

    @property
    def total_calls(self) -> int:
        """The number of API calls."""
        return sum(self.calls.values())


class Bench:
    """A region, a folder for what the runs write, and the stopwatch."""

    def __init__(self, region: LocalRegion, folder: Path) -> None:
        self.region = region
        self.folder = folder
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)},
            **region.admin("GET", "env"),
            "AWS_EC2_METADATA_DISABLED": "true",
            # As the credentials of SSO and of an assumed role do, these tell whose they are.
            "AWS_ACCOUNT_ID": ACCOUNT,
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_COLLECTIONS_PATH": str(REPOSITORY / "playbooks" / "collections"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
        }
        self._warm_up()

    def _warm_up(self) -> None:
        """The first call of a service has the region load its model, which no client of AWS waits for."""
        self.region.client("iam").list_roles()
        self.region.client("s3").list_buckets()
        self.region.client("sts").get_caller_identity()
        self.region.client("sagemaker").list_mlflow_tracking_servers()
        self.region.client("sagemaker").list_mlflow_apps()

    def with_variables(self, **variables: str) -> Bench:
        """The same, with these environment variables for the runs."""
        other = copy.copy(self)
        other._environment = {**self._environment, **variables}
        return other

    def run(
        self, job: Job, latency_ms: float, *, sample_memory: bool = False, rate_limits: RateLimits | None = None
    ) -> Cost:
        """Run one job at a distance from AWS.

        :param rate_limits: how many requests a service takes, by its name; others are throttled.
        """
        inventory = self.folder / "inventory.yml"
        inventory.write_text(yaml.safe_dump(dict(job.inventory)))
        command = [str(ANSIBLE_PLAYBOOK), "-i", str(inventory), "--forks", str(job.forks), str(job.playbook)]
        self.region.clear_log()
        limits = {} if rate_limits is None else {"rate_limits": rate_limits}
        self.region.configure(latency_ms=latency_ms, **limits)
        try:
            cost = self._measured(job, [*command, *job.arguments], sample_memory)
        finally:
            self.region.configure(latency_ms=0, **{name: {} for name in limits})
        return cost

    def _measured(self, job: Job, command: Sequence[str], sample_memory: bool) -> Cost:
        output = self.folder / "output.log"
        begun = time.monotonic()
        with output.open("wb") as file:
            process = subprocess.Popen(
                command,
                cwd=REPOSITORY,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        memory = Memory(process.pid if sample_memory else None)
        with memory:
            _pid, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        printed = output.read_text(errors="replace")
        if process.returncode != job.code:
            raise RunFailedError(
                f"{job.name} ended with {process.returncode} instead of {job.code}:\n{printed[-6000:]}"
            )
        log = self.region.log()
        return Cost(
            wall=wall,
            cpu=usage.ru_utime + usage.ru_stime,
            calls=Counter(f"{entry['service']}:{entry['operation']}" for entry in log),
            writes=sum(bool(entry["write"]) for entry in log),
            chain=len(round_trips(log)),
            connections=len({entry["connection"] for entry in log}),
            largest_process_mib=usage.ru_maxrss / 1024,
            memory_mib=memory.peak_mib,
            changed=sum(int(match["changed"]) for match in RECAP.finditer(printed)),
            output=printed,
        )


def cpu_of(command: Sequence[str]) -> float:
    """Seconds of CPU of a command that prints what nobody wants to read."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd=REPOSITORY)
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RunFailedError(f"{command[0]} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


class Memory:
    """Adds up, every SAMPLE_SECONDS, what a process and all that stem from it hold (proportional: shared pages count once)."""

    def __init__(self, process: int | None) -> None:
        self._process = process
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.peak_mib = 0.0

    def __enter__(self) -> None:
        if self._process is not None:
            self._thread.start()

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        if self._process is not None:
            self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(SAMPLE_SECONDS):
            held = sum(_proportional_kib(process) for process in _family(str(self._process)))
            self.peak_mib = max(self.peak_mib, held / 1024)


def _family(process: str) -> list[Path]:
    """This process and all that stem from it. Their session says nothing: Ansible's workers begin one of their own."""
    parents = {path.name: _parent(path) for path in Path("/proc").glob("[0-9]*")}
    family = [process]
    for member in family:
        family += [child for child, parent in parents.items() if parent == member]
    return [Path("/proc") / member for member in family]


def _parent(process: Path) -> str:
    with contextlib.suppress(OSError, IndexError):
        return (process / "stat").read_text().rpartition(")")[2].split()[1]
    return ""


def _proportional_kib(process: Path) -> int:
    with contextlib.suppress(OSError):
        for line in (process / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0
