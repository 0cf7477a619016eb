# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mutation testing of the decisions:  PYTHONPATH=tests python -m mutation [--survivors] [file ...]

Every mutant is a small change of one function, and the unit tests must fail with it. Prints the mutants that they let pass, the
numbers of each file, and fails below the goal.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import typing as t

import pytest
from mutation import subject, survivors, tree

if t.TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from mutation.mutants import Mutant

GOAL = 90
BUILD = subject.REPOSITORY / "build" / "mutation"
TREE, MADE, VERDICTS = BUILD / "tree", BUILD / "made", BUILD / "verdicts.json"
FOUND = ("killed", "timeout")
WITHOUT = ("unraisableexception", "threadexception", "warnings", "logging")
QUICK = ["-q", "--assert=plain", *(f"-pno:{plugin}" for plugin in WITHOUT)]
"""A test that fails need not say why, and nobody reads what is logged."""


def main() -> int:
    """Make, judge, report; 1 when too many mutants survive."""
    asked = _arguments()
    tests = [str(path.relative_to(subject.REPOSITORY)) for path in subject.judging()]
    tree.lay(TREE)
    os.chdir(TREE)
    from mutation import judge, mutants  # they read what was laid

    every = mutants.make([path for path in subject.mutated() if not asked.files or path.stem in asked.files], MADE)
    verdicts: dict[str, str] = json.loads(VERDICTS.read_text()) if VERDICTS.exists() else {}
    open_ones = [each for each in every if not asked.survivors or verdicts.get(each.key) not in FOUND]
    judged: list[str] = []

    def tell(mutant: Mutant, verdict: str) -> None:
        verdicts[mutant.key] = verdict
        if verdict in FOUND:
            judged.append(mutant.name)
            if len(judged) % 100 == 0:
                print(f"{len(judged)} of {len(open_ones)} mutants are killed", file=sys.stderr, flush=True)
                VERDICTS.write_text(json.dumps(verdicts), encoding="utf-8")  # half a run is not lost

    code = pytest.main([*QUICK, *tests], plugins=[judge.Judge(open_ones, asked.processes, tell)])
    VERDICTS.write_text(json.dumps(verdicts), encoding="utf-8")
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        return 2
    return _report(every, verdicts)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="mutation")
    parser.add_argument("--survivors", action="store_true", help="only the mutants that survived the run before")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="how many mutants are judged at a time")
    known = [path.stem for path in subject.mutated()]
    parser.add_argument("files", nargs="*", metavar="file", help=f"only the mutants of these: {', '.join(known)}")
    asked = parser.parse_args()
    if not set(asked.files) <= set(known):
        parser.error(f"{', '.join(sorted(set(asked.files) - set(known)))}: not among {', '.join(known)}")
    return asked


def _report(mutants: Iterable[Mutant], verdicts: Mapping[str, str]) -> int:
    by_file: dict[str, list[str]] = {}
    for mutant in mutants:
        verdict = verdicts[mutant.key]
        by_file.setdefault(mutant.file, []).append(verdict)
        if verdict not in FOUND:
            why = survivors.reason(mutant) or f"{verdict}, and asks for a test"
            print(f"\n{mutant.file}, {mutant.name.rpartition('.')[2]}: {why}", *mutant.lines, sep="\n  ")
    print(f"\n{'file':28}{'mutants':>8}{'killed':>8}{'survived':>9}{'rate':>9}")
    for file, of_file in by_file.items():
        _print_row(file, of_file, FOUND)
    return 0 if _print_row("all", [each for of_file in by_file.values() for each in of_file], FOUND) >= GOAL else 1


def _print_row(name: str, verdicts: Sequence[str], found: Collection[str]) -> float:
    killed = sum(verdict in found for verdict in verdicts)
    rate = 100 * killed / len(verdicts)
    print(f"{name:28}{len(verdicts):8}{killed:8}{len(verdicts) - killed:9}{rate:8.1f}%")
    return rate


if __name__ == "__main__":
    sys.exit(main())
