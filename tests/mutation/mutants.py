# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mutants, made by mutmut: every function of a file stands there once as it is and once for each mutation.

To import this is to have mutmut read its settings from the working directory.
"""

from __future__ import annotations

import difflib
import typing as t
from dataclasses import dataclass

from mutmut.mutation.file_mutation import mutate_file_contents

from mutation import operators
from mutation.subject import REPOSITORY
from mutation.tree import COLLECTION

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

ORIGINAL = "_orig"
INFIX = "__mutmut"


@dataclass(frozen=True)
class Mutant:
    """One mutant.

    :param name: by which it is chosen, with its module.
    :param function: the key of its function, by which tests are known that go through it.
    :param lines: what is otherwise in it, as in a diff.
    """

    name: str
    file: str
    function: str
    lines: tuple[str, ...]


def make(paths: Iterable[Path]) -> list[Mutant]:
    """Write the mutants of these files of the repository into the tree that is the working directory."""
    operators.choose()
    return [mutant for path in paths for mutant in _of_file(path.relative_to(REPOSITORY))]


def _of_file(path: Path) -> Iterator[Mutant]:
    place = COLLECTION / path
    mutated = mutate_file_contents(str(place), (REPOSITORY / path).read_text(encoding="utf-8"))
    place.write_text(mutated.code, encoding="utf-8")
    lines = mutated.code.splitlines()
    sources = {
        name: lines[span.start - 1 : span.end] for name, span in mutated.line_span_by_function_name.items()
    }
    module = ".".join(place.with_suffix("").parts)
    for name in mutated.mutant_names:
        function = name.partition(INFIX)[0]
        original = sources[f"{function}{INFIX}{ORIGINAL}"]
        differing = tuple(_differing(original, sources[name]))
        yield Mutant(f"{module}.{name}", path.stem, f"{module}.{function}", differing)


def _differing(original: list[str], mutant: list[str]) -> Iterator[str]:
    """The lines that differ, but for that of the function's name."""
    for line in difflib.unified_diff(original, mutant, n=0, lineterm=""):
        if not line.startswith(("---", "+++", "@@")) and f"def x" not in line:
            yield line[0] + line[1:].strip()
