# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The count of calls and round trips notices what it is there for."""

from __future__ import annotations

import typing as t

import pytest
from call_limits import CREATING, EXPECTED, EXPECTED_WITHOUT_ACCOUNT, LIMITS, LOOKING, REPAIRING, problems

if t.TYPE_CHECKING:
    from collections.abc import Iterable

SECOND = 1.0


def calls(names: Iterable[str], begin: float = 0.0, *, at_once: bool = True) -> list[dict[str, t.Any]]:
    """A log of calls of half a second, all at once or one after the other."""
    log = []
    for number, name in enumerate(names):
        service, _colon, operation = name.partition(":")
        arrived = begin + (0.001 if at_once else SECOND) * number
        log.append({"service": service, "operation": operation, "arrived": arrived, "departed": arrived + 0.5})
    return log


BUCKET = [name for name in CREATING.elements() if name.startswith("s3:")]
REST = [name for name in CREATING.elements() if not name.startswith("s3:")]
GOOD = {
    "noop": calls(LOOKING.elements()),
    "check": calls(EXPECTED["check"].elements()),
    "drift": calls(LOOKING.elements()) + calls(REPAIRING.elements(), 10),
    "create": calls(EXPECTED["check"].elements()) + calls(BUCKET, 10, at_once=False) + calls(REST, 20),
}


@pytest.mark.parametrize("scenario", GOOD)
def test_what_is_allowed(scenario: str) -> None:
    assert problems(scenario, GOOD[scenario]) == []


@pytest.mark.parametrize(("scenario", "trips"), [("noop", 13), ("check", 14), ("drift", 16), ("create", 25)])
def test_a_sequential_client_is_noticed(scenario: str, trips: int) -> None:
    (problem,) = problems(scenario, calls(EXPECTED[scenario].elements(), at_once=False))
    assert problem.startswith(f"{scenario}: {trips} round trips, at most {LIMITS[scenario].chain}: ")


def test_one_read_that_waits_for_the_others_is_noticed() -> None:
    """Two rounds are allowed; the last call of the second has its own now."""
    log = calls(list(LOOKING.elements())[:6]) + calls(list(LOOKING.elements())[6:], 10)
    assert problems("noop", log) == []
    log[-1]["arrived"], log[-1]["departed"] = 20.0, 20.5
    (problem,) = problems("noop", log)
    assert problem.startswith("noop: 3 round trips, at most 2: ")


@pytest.mark.parametrize("scenario", GOOD)
@pytest.mark.parametrize("added", ["s3:GetBucketAcl", "iam:GetRole", "iam:PutRolePolicy"])
def test_a_call_more_is_noticed(scenario: str, added: str) -> None:
    begin = GOOD[scenario][0]["arrived"]
    assert problems(scenario, GOOD[scenario] + calls([added], begin))[0] == f"{scenario}: other calls: 1 more {added}"


@pytest.mark.parametrize("scenario", GOOD)
def test_a_call_less_is_noticed(scenario: str) -> None:
    first = f"{GOOD[scenario][0]['service']}:{GOOD[scenario][0]['operation']}"
    assert problems(scenario, GOOD[scenario][1:]) == [f"{scenario}: other calls: 1 less {first}"]


@pytest.mark.parametrize("scenario", GOOD)
def test_what_is_expected_is_within_the_limits(scenario: str) -> None:
    assert EXPECTED[scenario].total() <= LIMITS[scenario].calls


def test_too_many_calls_are_noticed() -> None:
    _other, problem = problems("noop", GOOD["noop"] + calls(["s3:HeadBucket"] * 2))
    assert problem == "noop: 15 calls, at most 14"


def test_credentials_that_tell_no_account_ask_less_and_wait_longer() -> None:
    assert problems("check", calls(EXPECTED_WITHOUT_ACCOUNT["check"].elements()), account_is_told=False) == []
    looking, repairing = list(LOOKING.elements()), list(REPAIRING.elements())
    drift = calls(looking[:6]) + calls(looking[6:], 10) + calls(repairing[:2], 20) + calls(repairing[2:], 30)
    assert problems("drift", drift, account_is_told=False) == []
    (problem,) = problems("drift", drift)
    assert problem.startswith("drift: 4 round trips, at most 3: ")
