# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The count of calls and round trips notices what it is there for."""

from __future__ import annotations

import typing as t

import pytest
from call_limits import CREATING, LIMITS, READS, REPAIRING, problems

if t.TYPE_CHECKING:
    from collections.abc import Iterable

SECOND = 1.0
WRITING = ("Create", "Put", "Attach")


def calls(names: Iterable[str], begin: float = 0.0, *, at_once: bool = True) -> list[dict[str, t.Any]]:
    """A log of calls of half a second, all at once or one after the other."""
    log = []
    for number, name in enumerate(names):
        service, _colon, operation = name.partition(":")
        arrived = begin + (0.001 if at_once else SECOND) * number
        write = operation.startswith(WRITING)
        log.append(
            {"service": service, "operation": operation, "write": write, "arrived": arrived, "departed": arrived + 0.5}
        )
    return log


GOOD = {
    "noop": calls(READS.elements()),
    "check": calls(READS.elements()),
    "drift": calls(READS.elements()) + calls(REPAIRING.elements(), 10),
    "create": calls(READS.elements()) + calls(CREATING.elements(), 10, at_once=False),
}


@pytest.mark.parametrize("scenario", GOOD)
def test_what_is_allowed(scenario: str) -> None:
    assert problems(scenario, GOOD[scenario]) == []


@pytest.mark.parametrize("scenario", GOOD)
def test_reads_in_turn_are_noticed(scenario: str) -> None:
    count = READS.total()
    in_turn = calls(READS.elements(), -100, at_once=False) + GOOD[scenario][count:]
    trips = count + {"create": CREATING.total(), "drift": 1}.get(scenario, 0)
    (problem,) = problems(scenario, in_turn)
    assert problem.startswith(f"{scenario}: {trips} round trips, at most {LIMITS[scenario].chain}: ")


def test_one_read_that_waits_for_the_others_twice_is_noticed() -> None:
    log = calls(READS.elements())
    for number, call in enumerate(log[-2:], start=1):
        call["arrived"], call["departed"] = 10.0 * number, 10.0 * number + 0.5
    (problem,) = problems("noop", log)
    assert problem.startswith("noop: 3 round trips, at most 2: ")


@pytest.mark.parametrize("added", ["s3:GetBucketAcl", "iam:GetRole"])
def test_a_read_more_is_noticed(added: str) -> None:
    assert problems("noop", GOOD["noop"] + calls([added])) == [f"noop: other reads: 1 more {added}"]


def test_a_read_less_is_noticed() -> None:
    first = f"{GOOD['noop'][0]['service']}:{GOOD['noop'][0]['operation']}"
    assert problems("noop", GOOD["noop"][1:]) == [f"noop: other reads: 1 less {first}"]


@pytest.mark.parametrize("scenario", GOOD)
def test_a_write_more_is_noticed(scenario: str) -> None:
    (problem,) = problems(scenario, GOOD[scenario] + calls(["iam:PutRolePolicy"], 10))
    assert problem == f"{scenario}: other writes: 1 more iam:PutRolePolicy"


@pytest.mark.parametrize("scenario", ["check", "create", "drift"])
def test_too_many_calls_are_noticed(scenario: str) -> None:
    missing = LIMITS[scenario].calls - len(GOOD[scenario]) + 1
    (problem,) = problems(scenario, GOOD[scenario] + calls(["s3:HeadBucket"] * missing))
    assert problem.startswith(f"{scenario}: {LIMITS[scenario].calls + 1} calls, at most {LIMITS[scenario].calls}: ")
