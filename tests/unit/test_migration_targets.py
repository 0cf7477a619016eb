# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The benchmark of migrations judges what was measured, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.migration.contest import Outcome, Scenario
from benchmarks.migration.targets import AGAIN, DATABASE, PEER, SERVER, judge

PLAIN = Scenario("plain", "plain", 1000)
LIMITED = Scenario("limited", "plain", 200, allowed=25)


def outcome(contestant: str, wall: float, requests: int, writes: int = 1, scenario: str = "plain") -> Outcome:
    is_ours = contestant != PEER
    return Outcome(scenario, contestant, wall, 1.0, 200.0, 0, requests, writes, 0, differences=0 if is_ours else None)


GOOD = (
    outcome(DATABASE, 140, 5500),
    outcome(AGAIN, 5, 50, writes=0),
    outcome(SERVER, 200, 5500),
    outcome(PEER, 753, 24476),
)


def test_all_targets_of_a_scenario_are_judged() -> None:
    verdicts = judge([PLAIN], GOOD)
    assert [verdict.measure for verdict in verdicts if not verdict.met] == []
    assert len(verdicts) == 10


@pytest.mark.parametrize(
    ("changed", "missed"),
    [
        (outcome(DATABASE, 160, 5500), "from the database: times as fast"),
        (outcome(SERVER, 250, 5500), "from the server: times as fast"),
        (outcome(SERVER, 200, 6001), "from the server: requests a run"),
        (outcome(AGAIN, 5, 50, writes=1), "second run: requests"),
        (outcome(AGAIN, 5, 111, writes=0), "second run: requests"),
    ],
)
def test_one_that_is_missed_is_told(changed: Outcome, missed: str) -> None:
    outcomes = [each for each in GOOD if each.contestant != changed.contestant]
    verdicts = judge([PLAIN], [*outcomes, changed])
    assert [verdict.measure for verdict in verdicts if not verdict.met] == [missed]


def test_without_the_other_tool_nothing_is_compared() -> None:
    verdicts = judge([PLAIN], GOOD[:3])
    assert not any("times as fast" in verdict.measure for verdict in verdicts)


@pytest.mark.parametrize(("wall", "refused", "is_met"), [(44.0, 0, True), (44.0, 20, False), (50.0, 0, False)])
def test_the_limit_of_a_target_is_to_be_used_by_what_it_takes(wall: float, refused: int, is_met: bool) -> None:
    measured = replace(outcome(SERVER, wall, 1000, scenario="limited"), refused=refused)
    (verdict,) = [verdict for verdict in judge([LIMITED], [measured]) if "of the limit used" in verdict.measure]
    assert verdict.met == is_met
