# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan tells what happens as a whole and in each step, in the words of somebody who reads it."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call, Change, Plan

CALL = Call("s3", "put_bucket_tagging")
SIDES: list[tuple[t.Any, t.Any, str]] = [
    (None, {}, "create"),
    ({}, None, "delete"),
    ({}, {}, "update"),
    ("", 0, "update"),
]


@pytest.mark.parametrize(("before", "after", "action"), SIDES)
def test_a_step(before: t.Any, after: t.Any, action: str) -> None:
    step = Change("tags", before, after, CALL)
    assert step.report() == {"name": "tags", "action": action, "before": before, "after": after}


@pytest.mark.parametrize(("before", "after", "action"), SIDES[:3])
def test_the_whole(before: t.Any, after: t.Any, action: str) -> None:
    steps = (Change("tags", None, {}, CALL),)
    plan = Plan(steps, before, after, predicted=None)
    assert (plan.changed, plan.action) == (True, action)
    nothing = Plan((), before, after, predicted=None)
    assert (nothing.changed, nothing.action) == (False, "none")


def test_the_diff_has_a_title_on_both_sides() -> None:
    assert Plan((), {"a": 1}, {"a": 2}, None).diff("bucket artifacts") == {
        "before_header": "bucket artifacts",
        "after_header": "bucket artifacts",
        "before": {"a": 1},
        "after": {"a": 2},
    }
    assert Plan((), None, None, None).diff("x") == {
        "before_header": "x",
        "after_header": "x",
        "before": {},
        "after": {},
    }


def test_a_call_without_parameters() -> None:
    assert Call("iam", "list_roles") == Call("iam", "list_roles", {})
