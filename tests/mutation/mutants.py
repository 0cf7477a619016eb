# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mutants, made by mutmut: every function of a file stands there once as it is and once for each mutation.

To import this is to have mutmut read its settings from the working directory.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import typing as t
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from mutation import operators
from mutation.subject import REPOSITORY
from mutation.tree import COLLECTION
from mutmut.mutation.file_mutation import mutate_file_contents

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ORIGINAL = "_orig"
INFIX = "__mutmut"
OPERATORS = Path(operators.__file__)


@dataclass(frozen=True)
class Mutant:
    """One mutant.

    :param name: by which it is chosen, with its module.
    :param source: stands for the text of the file: with another one, the same name means another mutant.
    :param function: the key of its function, by which tests are known that go through it.
    :param lines: what is otherwise in it, as in a diff.
    """

    name: str
    source: str
    file: str
    function: str
    lines: tuple[str, ...]

    @property
    def key(self) -> str:
        """By which its verdict is kept."""
        return f"{self.source} {self.name}"


def make(paths: Iterable[Path], kept: Path) -> list[Mutant]:
    """Write the mutants of these files of the repository into the tree that is the working directory.

    :param kept: the folder where they stay until the file is another one, for it takes half a minute to make all.
    """
    operators.choose()
    kept.mkdir(parents=True, exist_ok=True)
    return [mutant for path in paths for mutant in _of_file(path.relative_to(REPOSITORY), kept)]


def _of_file(path: Path, kept: Path) -> Iterator[Mutant]:
    place = COLLECTION / path
    source = (REPOSITORY / path).read_text(encoding="utf-8")
    made_of = source + OPERATORS.read_text(encoding="utf-8") + version("mutmut")
    digest = hashlib.sha256(made_of.encode()).hexdigest()[:16]
    made = kept / f"{path.stem}.{digest}.json"
    if not made.exists():
        mutated = mutate_file_contents(str(place), source)
        spans = {name: (span.start - 1, span.end) for name, span in mutated.line_span_by_function_name.items()}
        made.write_text(json.dumps([mutated.code, list(mutated.mutant_names), spans]), encoding="utf-8")
    code, names, spans = json.loads(made.read_text(encoding="utf-8"))
    place.write_text(code, encoding="utf-8")
    lines = code.splitlines()
    module = ".".join(place.with_suffix("").parts)
    for name in names:
        function = name.partition(INFIX)[0]
        original, mutant = (lines[slice(*spans[each])] for each in (f"{function}{INFIX}{ORIGINAL}", name))
        yield Mutant(f"{module}.{name}", digest, path.stem, f"{module}.{function}", tuple(_differing(original, mutant)))


def _differing(original: list[str], mutant: list[str]) -> Iterator[str]:
    """The lines that differ, but for that of the function's name."""
    for line in difflib.unified_diff(original, mutant, n=0, lineterm=""):
        if not line.startswith(("---", "+++", "@@")) and INFIX not in line:
            yield line[0] + line[1:].strip()
