# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every call with every fault, written to docs/faults.md:  python tests/fault_runs.py"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from fault_matrix.cells import outcomes
from fault_matrix.near_aws import NearAws
from fault_matrix.page import PAGE, page_with, section
from fault_matrix.scenarios import SCENARIOS
from local_region import REPOSITORY


def main() -> int:
    """Run the matrix, and write the page when every cell is as it must be."""
    sections, wrong = {}, 0
    with tempfile.TemporaryDirectory() as folder, NearAws(Path(folder)).connected() as region:
        for scenario in SCENARIOS:
            began = time.process_time()
            found = list(outcomes(region.near, scenario))
            sections[scenario.name] = section(found)
            print(f"{scenario.name}: {len(found)} cells, {time.process_time() - began:.0f} s", flush=True)
            for each in found:
                for problem in each.problems:
                    wrong += 1
                    print(f"  {each.target.name}, call {each.target.position + 1}, {each.kind}: {problem}", flush=True)
    if wrong:
        print(f"{wrong} problems; {PAGE.relative_to(REPOSITORY)} is as it was.", file=sys.stderr)
        return 1
    PAGE.write_text(page_with(PAGE.read_text(), sections))
    print(f"Wrote {PAGE.relative_to(REPOSITORY)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
