# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The life of a run, on a resource that holds one number."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

import pytest
from botocore.exceptions import ClientError

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _converge
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call, Change, Plan


@dataclass
class Counter:
    """A number in AWS that is raised step by step to the wished one."""

    number: int
    wish: int
    written: list[str] = field(default_factory=list)
    superseded: int = 0
    refuse: str = ""
    refused_reads: tuple[int, ...] = ()
    reads: int = 0
    title: str = "counter 'c'"

    def read(self) -> int:
        self.reads += 1
        if self.reads in self.refused_reads:
            raise ClientError({"Error": {"Code": "ExpiredToken", "Message": "old"}}, "Look")
        return self.number

    def plan(self, state: int) -> Plan[int]:
        steps = tuple(
            Change(f"step {step}", step - 1, step, Call("c", "raise", {"To": step}))
            for step in range(state + 1, self.wish + 1)
        )
        return Plan(steps, {"number": state}, {"number": self.wish}, max(state, self.wish))

    def settle(self, state: int) -> int:
        return state

    def apply(self, change: Change) -> None:
        if self.superseded:
            self.superseded -= 1
            self.number += 1
            raise _converge.Superseded
        if change.name == self.refuse:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "Raise")
        self.written.append(change.name)
        self.number = change.after

    def confirm(self, plan: Plan[int]) -> int:
        return self.read()

    def describe(self, state: int) -> dict[str, t.Any]:
        return {"number": state}


def test_check_mode_predicts_the_run_and_writes_nothing() -> None:
    counter = Counter(1, 3)
    predicted = _converge.converge(counter, check_mode=True)
    assert counter.written == []
    assert predicted == _converge.converge(counter, check_mode=False)
    assert counter.written == ["step 2", "step 3"]


def test_the_second_run_is_empty() -> None:
    counter = Counter(3, 3)
    result = _converge.converge(counter, check_mode=False)
    assert (result["changed"], result["action"], result["changes"], counter.written) == (False, "none", [], [])


def test_a_plan_that_no_longer_fits_is_made_anew() -> None:
    counter = Counter(0, 4, superseded=2)
    result = _converge.converge(counter, check_mode=False)
    assert (result["number"], counter.written) == (4, ["step 3", "step 4"])
    assert result["diff"]["before"] == {"number": 2}, "the diff tells what this run did, not what others did before it"


def test_what_somebody_else_did_meanwhile_is_not_reported_as_ours() -> None:
    result = _converge.converge(Counter(3, 4, superseded=1), check_mode=False)
    assert (result["number"], result["changed"], result["action"]) == (4, False, "none")
    assert result["diff"]["before"] == result["diff"]["after"]


def test_a_fight_over_the_resource_ends_with_words() -> None:
    counter = Counter(0, 99, superseded=99)
    with pytest.raises(MlflowError, match="changed by somebody else 4 times"):
        _converge.converge(counter, check_mode=False)


def test_a_refused_step_says_what_was_done_before_it() -> None:
    counter = Counter(0, 3, refuse="step 2")
    with pytest.raises(MlflowError, match=r"changing step 2 of the counter 'c' \(Raise\): AccessDenied: no") as failure:
        _converge.converge(counter, check_mode=False)
    assert [change["name"] for change in failure.value.details["applied"]] == ["step 1"]


@pytest.mark.parametrize(("refused_read", "done"), [(1, None), (2, ["step 1", "step 2"])])
def test_a_refused_read_names_the_resource_and_what_was_done_before_it(
    refused_read: int, done: list[str] | None
) -> None:
    counter = Counter(0, 2, refused_reads=(refused_read,))
    with pytest.raises(MlflowError, match=r"reading the counter 'c' \(Look\): ExpiredToken: old. The cred") as failure:
        _converge.converge(counter, check_mode=False)
    applied = failure.value.details.get("applied")
    assert (applied and [change["name"] for change in applied]) == done
