# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run that is killed at any of its calls is completed by the next one, and leaves nothing behind."""

from __future__ import annotations

import typing as t

import pytest
from fault_matrix.kills import kills
from fault_matrix.scenarios import KILLED, named

if t.TYPE_CHECKING:
    from in_process_aws.region import InProcessRegion


@pytest.mark.parametrize("name", KILLED)
def test_killed_before_and_after_every_call(aws: InProcessRegion, name: str) -> None:
    found = list(kills(aws, named(name)))
    assert len(found) >= 2 * 5
    wrong = [f"{each.target.name}, call {each.target.position + 1}, {each.kind}: {each.problems}" for each in found]
    assert [line for line, each in zip(wrong, found, strict=True) if each.problems] == []
