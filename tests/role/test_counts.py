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


@pytest.mark.parametrize("way", [OURS, MODULES])
def test_calls_and_round_trips(region: LocalRegion, tmp_path: Path, way: str) -> None:
    bench, contestant, environment = Bench(region, tmp_path), Contestant(way, tmp_path), Environment("counted")
    found: list[str] = []
    for scenario in SCENARIOS:
        if scenario == "drift":
            drift(region.client, environment)
        cost = bench.run(contestant.job([environment], check=scenario == "check"), CHAIN_LATENCY_MS)
        found += problems(scenario, region.log())
        assert (cost.changed > 0) == (scenario != "noop"), cost.output
    assert found == []
