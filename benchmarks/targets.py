# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be reached, and whether it was. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.contestants import MODULES, OURS, PEER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.results import Measurement, Results

MEMORY_GROWTH = 1.5
"""How much more memory 200 environments may take than 20."""
LINEAR_SLACK = 1.1
"""How much more one of 200 environments may cost than one of 20."""


@dataclass(frozen=True)
class Target:
    """The limits of one scenario: counts are at most, ratios to the peer at least."""

    title: str
    scenario: str
    contestant: str
    calls: int
    chain: int
    wall: float
    cpu: float
    environments: int = 1


TARGETS = (
    Target("nothing to do", "noop", OURS, calls=14, chain=2, wall=6, cpu=4),
    Target("check of what does not exist", "check", OURS, calls=14, chain=2, wall=6, cpu=4),
    Target("create", "create", OURS, calls=27, chain=10, wall=5, cpu=4),
    Target("drift of three settings", "drift", OURS, calls=17, chain=3, wall=6, cpu=4),
    Target("nothing to do, ordinary modules", "noop", MODULES, calls=14, chain=2, wall=4, cpu=3),
    Target("check, ordinary modules", "check", MODULES, calls=14, chain=2, wall=4, cpu=3),
    Target("create, ordinary modules", "create", MODULES, calls=27, chain=10, wall=4, cpu=3),
    Target("drift, ordinary modules", "drift", MODULES, calls=17, chain=3, wall=4, cpu=3),
    Target("20 environments, nothing to do", "noop", OURS, calls=280, chain=6, wall=15, cpu=25, environments=20),
)
FLEET_SECONDS = 30.0
IN_BULK, THROTTLED, THROTTLED_IN_BULK = "bulk", "throttled", "throttled, bulk"
THROTTLED_SLOWDOWN = 2.0
IAM_RATE, IAM_BURST = 20.0, 40.0
"""Requests a second, and requests at once, that IAM takes when it is throttled."""


@dataclass(frozen=True)
class Verdict:
    """One number beside its limit."""

    title: str
    measure: str
    value: float
    limit: float
    met: bool
    baseline: float | None = None
    own: float | None = None


def judge(results: Results) -> list[Verdict]:
    """Every target that was measured."""
    verdicts = [verdict for target in TARGETS for verdict in _judged(results, target)]
    return [*verdicts, *_throttled(results), *_fleet(results)]


def _judged(results: Results, target: Target) -> Iterator[Verdict]:
    ours = results.find(target.scenario, target.contestant, target.environments)
    if ours is None:
        return
    peer = results.find(target.scenario, PEER, target.environments)
    yield _at_most(target.title, "calls", ours.total_calls, target.calls, peer.total_calls if peer else None)
    yield _at_most(target.title, "round trips", ours.chain, target.chain, peer.chain if peer else None)
    if target.scenario == "check":
        yield _at_most(target.title, "writes", ours.writes, 0, None)
    if peer is not None and peer.wall_runs and ours.wall_runs:
        yield _times(target.title, "wall", peer.wall, ours.wall, target.wall)
        yield _times(target.title, "CPU", peer.cpu, ours.cpu, target.cpu)


def _throttled(results: Results) -> Iterator[Verdict]:
    """A limit of requests costs time, and no failure: the run would not be here.

    With one call for all roles the limit hardly counts. One by one, they cannot be read sooner than the limit allows.
    """
    free = results.find("noop", OURS, 20)
    limited, in_bulk = (results.find(scenario, OURS, 20) for scenario in (THROTTLED, THROTTLED_IN_BULK))
    title = "20 environments, IAM at 20/s"
    if free is not None and in_bulk is not None:
        yield _at_most(
            f"{title}, in bulk", "wall, of that without limit", in_bulk.wall / free.wall, THROTTLED_SLOWDOWN, None
        )
    if free is not None and limited is not None:
        calls = sum(number for name, number in free.calls.items() if name.startswith("iam:"))
        least = free.wall + max(0.0, calls - IAM_BURST) / IAM_RATE
        yield _at_most(title, "wall, of that without limit and the limit's own", limited.wall / least, 1, None)


def _fleet(results: Results) -> Iterator[Verdict]:
    """200 environments, which only we deploy: in how long, at what cost each, in how much memory."""
    many, some = results.find("noop", OURS, 200), results.find("noop", OURS, 20)
    if many is None:
        return
    title = "200 environments, nothing to do"
    yield _at_most(title, "wall s", many.wall, FLEET_SECONDS, None)
    if some is not None:
        yield _at_most(title, "CPU each, of one of 20", _each(many) / _each(some), LINEAR_SLACK, None)
        if some.memory_mib and many.memory_mib:
            yield _at_most(title, "memory, of that of 20", many.memory_mib / some.memory_mib, MEMORY_GROWTH, None)


def _each(measurement: Measurement) -> float:
    return measurement.cpu / measurement.environments


def _at_most(title: str, measure: str, value: float, limit: float, baseline: float | None) -> Verdict:
    return Verdict(title, measure, value, limit, value <= limit, baseline)


def _times(title: str, measure: str, baseline: float, own: float, limit: float) -> Verdict:
    ratio = baseline / own
    return Verdict(title, measure, ratio, limit, ratio >= limit, baseline, own)
