# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two who change one thing at once, at every moment at which they can meet."""

from __future__ import annotations

import typing as t

import pytest
from fault_matrix.meetings import MEETINGS, meetings

if t.TYPE_CHECKING:
    from fault_matrix.meetings import Meeting
    from in_process_aws.place import Place


@pytest.mark.parametrize("meeting", MEETINGS, ids=lambda meeting: meeting.name)
def test_others_act_before_each_call(place: Place, meeting: Meeting) -> None:
    wrong = [
        f"before {each.target.name}, call {each.target.position + 1} ({each.message}): {problem}"
        for each in meetings(place, meeting)
        for problem in each.problems
    ]
    assert wrong == []
