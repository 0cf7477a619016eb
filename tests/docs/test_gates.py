# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gates of the Makefile are those that CONTRIBUTING.md names, and CI runs each of them."""

from __future__ import annotations

import re

from local_region import REPOSITORY

WITHIN = {"lint"}
"""What C(make test) runs, too."""
WRITE = {"policies", "faults"}
"""What writes a page that C(make test) compares."""
LONG = {"test-deep"}
"""What takes hours."""


def targets(text: str) -> set[str]:
    return set(re.findall(r"^([a-z-]+):.*## ", text, re.MULTILINE))


def test_contributors_and_ci_know_every_gate() -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    (section,) = re.findall(r"^# ---- What CI gates ----$(.*?)^# ---- ", makefile, re.MULTILINE | re.DOTALL)
    gates = targets(section) - WRITE
    assert {"test", "lint"} < gates
    table = re.findall(r"^\|.*?\| `make ([a-z-]+)` \|", (REPOSITORY / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    assert set(table) == gates
    workflow = (REPOSITORY / ".github" / "workflows" / "test.yml").read_text()
    assert set(re.findall(r"^      - run: make ([a-z-]+)$", workflow, re.MULTILINE)) == gates - WITHIN - LONG


def test_workflows_call_targets_that_exist() -> None:
    offered = targets((REPOSITORY / "Makefile").read_text())
    for path in (REPOSITORY / ".github" / "workflows").glob("*.yml"):
        assert set(re.findall(r"^ +- run: make ([a-z-]+)$", path.read_text(), re.MULTILINE)) <= offered, path.name
