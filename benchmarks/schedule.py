# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which runs are made, in which order. Contestants take turns, so that what disturbs the machine disturbs them alike."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.contestants import EMPTY, MODULES, OURS, PEER, Contestant
from benchmarks.environments import Environment, drift
from benchmarks.measure import RunFailedError
from benchmarks.targets import IAM_BURST, IAM_RATE, IN_BULK, THROTTLED, THROTTLED_IN_BULK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.measure import Bench, Cost
    from benchmarks.results import Results

LATENCY_MS = 80.0
CHAIN_LATENCY_MS = 500.0
"""Longer than any stall of the machine, so that chains are exact."""
SCENARIOS = ("create", "noop", "check", "drift")
FEW, SOME, MANY = 10, 20, 200
IAM_LIMIT = {"iam": {"rate": IAM_RATE, "burst": IAM_BURST}}
_PLANNED = re.compile(r"^  \+ (role|bucket|tracking server) ", re.MULTILINE)


@dataclass(frozen=True)
class Extent:
    """How much is measured."""

    rounds: int
    peer_fleet_rounds: int
    fleet_rounds: int
    many: bool


FULL = Extent(rounds=5, peer_fleet_rounds=3, fleet_rounds=5, many=True)
QUICK = Extent(rounds=2, peer_fleet_rounds=0, fleet_rounds=1, many=False)


class Schedule:
    """Makes the runs and writes down what they cost."""

    def __init__(self, bench: Bench, results: Results, report: Callable[[str], None]) -> None:
        self._bench = bench
        self._results = results
        self._report = report
        self._contestants = {name: Contestant(name, bench.folder) for name in (PEER, OURS, MODULES, EMPTY)}

    def run(self, extent: Extent) -> None:
        """Everything."""
        for number in range(extent.rounds):
            self._round(number)
        self._peer_checks_nothing()
        self._chains()
        self._some(extent)
        if extent.many:
            self._many(extent)

    def _round(self, number: int) -> None:
        """One environment, each scenario by each contestant."""
        self._bench.region.reset()
        self._take("empty play", EMPTY, [Environment("empty")])
        for scenario in SCENARIOS:
            for name in _rotated((PEER, OURS, MODULES), number):
                self._take(scenario, name, [_subject(scenario, name)])

    def _peer_checks_nothing(self) -> None:
        """The composition cannot preview what does not exist: how far it comes."""
        job = self._contestants[PEER].job([Environment("absent")], check=True, code=2)
        self._note(self._bench.run(job, LATENCY_MS), "check of nothing, fails", PEER, 1)

    def _chains(self) -> None:
        """Round trips where they are exact; and that both contestants agree on what the same environment is."""
        self._bench.region.reset()
        for name in (OURS, MODULES):
            for scenario in SCENARIOS:
                cost = self._execute(scenario, name, [_subject(scenario, name)], CHAIN_LATENCY_MS)
                measured = self._results.of(scenario, name)
                self._report(f"  {cost.chain} round trips")
                measured.chain = cost.chain
                if dict(cost.calls) != measured.calls:
                    measured.notes.append(f"other calls at {CHAIN_LATENCY_MS:.0f} ms: {dict(cost.calls)}")
        self._execute("create", PEER, [Environment(PEER)], 0)
        for name, subject in ((OURS, PEER), (PEER, OURS)):
            cost = self._execute("noop", name, [Environment(subject)], 0)
            if cost.changed:
                raise RunFailedError(f"{name} finds something to do in the environment of {subject}:\n{cost.output}")

    def _some(self, extent: Extent) -> None:
        """Fleets that nothing has to be done for."""
        self._bench.region.reset()
        some = _fleet(SOME)
        self._take("create", OURS, some)
        for number in range(max(extent.fleet_rounds, extent.peer_fleet_rounds)):
            if number < extent.peer_fleet_rounds:
                self._take("noop", PEER, some)
            self._take("noop", OURS, some)
            self._take("noop", OURS, some[:FEW])
        cost = self._execute("noop", OURS, some, CHAIN_LATENCY_MS)
        self._results.of("noop", OURS, SOME).chain = cost.chain
        self._memory(some)
        for in_bulk, throttled in ((False, THROTTLED), (True, THROTTLED_IN_BULK)):
            job = self._contestants[OURS].job(some, in_bulk=in_bulk)
            for _number in range(extent.fleet_rounds):
                if in_bulk:
                    self._note(self._bench.run(job, LATENCY_MS), IN_BULK, OURS, SOME)
                self._note(self._bench.run(job, LATENCY_MS, rate_limits=IAM_LIMIT), throttled, OURS, SOME)

    def _many(self, extent: Extent) -> None:
        self._bench.region.reset()
        many = _fleet(MANY)
        # No more at a time than Ansible forks: more would wait for their servers together, and take a longer way to it.
        for first in range(0, MANY, FEW):
            self._execute("create", OURS, many[first : first + FEW], 0)
        for _number in range(extent.peer_fleet_rounds):
            self._take("noop", OURS, many)
        self._memory(many)

    def _memory(self, hosts: Sequence[Environment]) -> None:
        """In a run of its own: looking takes time."""
        cost = self._bench.run(self._contestants[OURS].job(hosts), LATENCY_MS, sample_memory=True)
        self._results.of("noop", OURS, len(hosts)).memory_mib = round(cost.memory_mib, 1)
        self._report(f"{OURS}, {len(hosts)} environments: {cost.memory_mib:.0f} MiB")

    def _take(self, scenario: str, name: str, hosts: Sequence[Environment]) -> None:
        self._note(self._execute(scenario, name, hosts, LATENCY_MS), scenario, name, len(hosts))

    def _execute(self, scenario: str, name: str, hosts: Sequence[Environment], latency_ms: float) -> Cost:
        if scenario == "drift":
            for environment in hosts:
                drift(self._bench.region.client, environment)
        cost = self._bench.run(self._contestants[name].job(hosts, check=scenario == "check"), latency_ms)
        self._report(
            f"{name}, {scenario}, {len(hosts)} at {latency_ms:.0f} ms: {cost.wall:.2f} s, {cost.cpu:.2f} s CPU, "
            f"{cost.total_calls} calls"
        )
        _expect(scenario, name, cost)
        return cost

    def _note(self, cost: Cost, scenario: str, name: str, environments: int) -> None:
        self._results.of(scenario, name, environments).take(cost)


def _subject(scenario: str, name: str) -> Environment:
    """Each has an environment of its own. What the collection previews does not exist; the composition would fail."""
    return Environment("absent" if scenario == "check" and name != PEER else name)


def _expect(scenario: str, name: str, cost: Cost) -> None:
    """A run that did not do its work is no measurement."""
    planned = len(set(_PLANNED.findall(cost.output)))
    wrong = {
        "noop": cost.changed > 0 or cost.writes > 0,
        "create": cost.changed == 0 or cost.writes == 0,
        "drift": cost.changed == 0 or cost.writes == 0,
        "check": cost.writes > 0 or (name != PEER and planned != 3),
    }
    if wrong.get(scenario):
        raise RunFailedError(f"{name}, {scenario}: changed={cost.changed}, {cost.writes} writes\n{cost.output[-6000:]}")


def _fleet(size: int) -> list[Environment]:
    return [Environment(f"fleet-{number:03}") for number in range(size)]


def _rotated(names: Sequence[str], number: int) -> Iterator[str]:
    """Another one begins each time."""
    return (names[(number + place) % len(names)] for place in range(len(names)))
