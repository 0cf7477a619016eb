# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every call that the modules make, with every fault that it can have: it ends well, or in words and the next run mends it."""

from __future__ import annotations

import typing as t

import pytest
from fault_matrix.cells import outcomes
from fault_matrix.page import PAGE, TOTALS, section, section_of, totals
from fault_matrix.scenarios import SCENARIOS

if t.TYPE_CHECKING:
    from fault_matrix.scenarios import Scenario
    from in_process_aws.region import InProcessRegion

ANEW = "make faults writes it anew"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_call_with_every_fault(aws: InProcessRegion, scenario: Scenario) -> None:
    found = list(outcomes(aws, scenario))
    wrong = [
        f"{each.target.name}, call {each.target.position + 1}, {each.kind}: {problem}"
        for each in found
        for problem in each.problems
    ]
    assert wrong == []
    assert section_of(PAGE.read_text(), scenario.name) == section(found), ANEW


def test_the_page_has_these_scenarios_and_their_sums() -> None:
    page = PAGE.read_text()
    assert [
        line.removeprefix("<!-- faults: ").removesuffix(" -->")
        for line in page.splitlines()
        if line.startswith("<!-- faults: ")
    ] == [
        TOTALS,
        *(scenario.name for scenario in SCENARIOS),
    ], ANEW
    assert section_of(page, TOTALS) == totals(page), ANEW
