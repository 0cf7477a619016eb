# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every call with every fault, written to docs/faults.md.

python tests/fault_runs.py                  all scenarios
python tests/fault_runs.py "role: create"   these; the page keeps what it says of the others
"""

from __future__ import annotations

import sys
import tempfile
import time
import typing as t
from pathlib import Path

from fault_matrix.cells import outcomes
from fault_matrix.page import PAGE, page_with, section, section_of
from fault_matrix.scenarios import SCENARIOS
from in_process_aws.memory import remembering
from in_process_aws.place import Place
from in_process_aws.region import InProcessRegion
from local_region import REPOSITORY

if t.TYPE_CHECKING:
    from fault_matrix.scenarios import Scenario


def main(names: list[str]) -> int:
    """Run the matrix. A scenario comes onto the page when each of its cells is as it must be."""
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        place = Place(InProcessRegion(Path(folder)))
        for scenario in SCENARIOS:
            if not names or scenario.name in names:
                with place.taken(), remembering(place.region):
                    wrong += problems_of(place.region, scenario)
        place.region.stop()
    print(f"{wrong} problems. {PAGE.relative_to(REPOSITORY)} has the scenarios that have none.")
    return 1 if wrong else 0


def problems_of(aws: InProcessRegion, scenario: Scenario) -> int:
    """Run the cells of one scenario, and tell what is wrong."""
    began = time.process_time()
    found = list(outcomes(aws, scenario))
    print(f"{scenario.name}: {len(found)} cells, {time.process_time() - began:.0f} s", flush=True)
    problems = [(each, problem) for each in found for problem in each.problems]
    for each, problem in problems:
        print(f"  {each.target.name}, call {each.target.position + 1}, {each.kind}: {problem}", flush=True)
    if not problems:
        page = PAGE.read_text()
        sections = {each.name: section_of(page, each.name) for each in SCENARIOS}
        PAGE.write_text(page_with(page, {**sections, scenario.name: section(found)}))
    return len(problems)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
