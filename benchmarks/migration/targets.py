# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a migration must reach, judged on what was measured in one run of the benchmark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.migration.contest import Outcome, Scenario

PEER, SERVER, DATABASE = "mlflow-export-import", "from the server", "from the database"
AGAIN = f"{DATABASE}, again"
REQUESTS_OF_RUN = 6.0
MEMORY_MIB = 300.0
USED = 0.9
AGAIN_REQUESTS = 0.02
RUNS_THAT_COUNT = 200
"""With fewer runs, requests that come once weigh more than those of the runs."""
FASTER = {("plain", SERVER): 3.5, ("plain", DATABASE): 5.0, ("far", SERVER): 10.0, ("far", DATABASE): 10.0}
"""How many times as fast as the other tool, by scenario and source."""


@dataclass(frozen=True)
class Verdict:
    """One target."""

    scenario: str
    measure: str
    measured: str
    target: str
    met: bool


def judge(scenarios: Sequence[Scenario], outcomes: Sequence[Outcome]) -> list[Verdict]:
    """Every target that was measured."""
    found = {(each.scenario, each.contestant): each for each in outcomes}
    return [verdict for scenario in scenarios for verdict in _of(scenario, found)]


def _of(scenario: Scenario, found: dict[tuple[str, str], Outcome]) -> Iterator[Verdict]:
    other = found.get((scenario.name, PEER))
    for name in (SERVER, DATABASE):
        mine = found.get((scenario.name, name))
        if mine is None:
            continue
        yield from _of_one(scenario, mine)
        if other is not None and (scenario.name, name) in FASTER:
            ratio, least = other.wall / mine.wall, FASTER[scenario.name, name]
            yield Verdict(scenario.name, f"{name}: times as fast", f"{ratio:.1f}x", f"≥ {least}x", ratio >= least)
        if scenario.allowed:
            used = (mine.requests_of_target - mine.refused) / mine.wall / scenario.allowed
            yield Verdict(scenario.name, f"{name}: of the limit used", f"{used:.0%}", f"≥ {USED:.0%}", used >= USED)
    again, first = found.get((scenario.name, AGAIN)), found.get((scenario.name, DATABASE))
    if again:
        yield _memory(scenario, again)
    if again and first and scenario.runs >= RUNS_THAT_COUNT:
        part = again.requests_of_target / first.requests_of_target
        is_met = part <= AGAIN_REQUESTS and again.writes == 0
        measured = f"{part:.1%}, {again.writes} writes"
        yield Verdict(scenario.name, "second run: requests", measured, f"≤ {AGAIN_REQUESTS:.0%}, 0 writes", is_met)


def _of_one(scenario: Scenario, mine: Outcome) -> Iterator[Verdict]:
    a_run = mine.requests_of_target / scenario.runs
    name = mine.contestant
    yield Verdict(scenario.name, f"{name}: differences", str(mine.differences), "0", mine.differences == 0)
    yield _memory(scenario, mine)
    if scenario.runs >= RUNS_THAT_COUNT:
        is_met = a_run <= REQUESTS_OF_RUN
        yield Verdict(scenario.name, f"{name}: requests a run", f"{a_run:.2f}", f"≤ {REQUESTS_OF_RUN}", is_met)


def _memory(scenario: Scenario, mine: Outcome) -> Verdict:
    measured, is_met = f"{mine.memory_mib:.0f} MiB", mine.memory_mib <= MEMORY_MIB
    return Verdict(scenario.name, f"{mine.contestant}: memory", measured, f"≤ {MEMORY_MIB:.0f} MiB", is_met)
