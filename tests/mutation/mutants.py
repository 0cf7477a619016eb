# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mutants and what became of them. To import it is to have mutmut read its settings from the working directory."""

from __future__ import annotations

import typing as t
from pathlib import Path

from mutmut.__main__ import cli
from mutmut.mutation.data import SourceFileMutationData
from mutmut.stats import status_by_exit_code

from mutation import operators, subject
from mutation.tree import COLLECTION

if t.TYPE_CHECKING:
    from collections.abc import Sequence

FOUND = ("killed", "timeout", "segfault")
MAPPING = Path("mutants") / "mutmut-stats.json"
"""Which tests go through which function; tests may have changed since."""


def run(processes: int, names: Sequence[str]) -> None:
    """Make the mutants and let the tests judge them: those that are named, or all."""
    MAPPING.unlink(missing_ok=True)
    operators.choose()
    cli(["run", "--max-children", str(processes), *names], standalone_mode=False)


def results() -> dict[str, dict[str, str]]:
    """What became of each mutant, by file."""
    found: dict[str, dict[str, str]] = {}
    for path in subject.mutated():
        data = SourceFileMutationData(path=Path(COLLECTION) / path.relative_to(subject.REPOSITORY))
        data.load()
        found[path.stem] = {name: status_by_exit_code[code] for name, code in data.exit_code_by_key.items()}
    return found


def survivors() -> list[str]:
    """The mutants that no test noticed."""
    return [name for mutants in results().values() for name, status in mutants.items() if status not in FOUND]
