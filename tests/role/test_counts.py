# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls of a deployment and the round trips among them, far enough from AWS for both to be exact. Times are no part of it."""

from __future__ import annotations

import typing as t

import pytest
from call_limits import problems

from benchmarks.contestants import MODULES, OURS, Contestant
from benchmarks.environments import Environment, drift
from benchmarks.measure import Bench
from benchmarks.schedule import CHAIN_LATENCY_MS

if t.TYPE_CHECKING:
    from pathlib import Path

    from local_region import LocalRegion

SCENARIOS = ("check", "create", "noop", "drift")
# A stall of the machine can make calls that were made at once look like calls made in turn, never the other way round. So a chain that
# is too long is looked at again from further away than any stall lasts.
LATENCIES = (CHAIN_LATENCY_MS, 4 * CHAIN_LATENCY_MS)


def subject(scenario: str, latency: float) -> str:
    """What is previewed does not exist, what is created does not exist yet, and the others are about what was created."""
    names = {"check": "absent", "create": f"counted-{latency:.0f}"}
    return names.get(scenario, f"counted-{LATENCIES[0]:.0f}")


@pytest.mark.parametrize(("way", "account_is_told"), [(OURS, True), (MODULES, True), (OURS, False)])
def test_calls_and_round_trips(region: LocalRegion, tmp_path: Path, way: str, account_is_told: bool) -> None:
    bench, contestant = Bench(region, tmp_path), Contestant(way, tmp_path)
    if not account_is_told:
        bench = bench.with_variables(AWS_ACCOUNT_ID="")
    found: dict[str, list[str]] = {}
    for scenario in SCENARIOS:
        for latency in LATENCIES:
            environment = Environment(subject(scenario, latency))
            if scenario == "drift":
                drift(region.client, environment)
            cost = bench.run(contestant.job([environment], check=scenario == "check"), latency)
            assert (cost.changed > 0) == (scenario != "noop"), cost.output
            found[scenario] = problems(scenario, region.log(), account_is_told=account_is_told)
            if not found[scenario]:
                break
    assert [problem for scenario in SCENARIOS for problem in found[scenario]] == []
