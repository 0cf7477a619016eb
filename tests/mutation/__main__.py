# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mutation testing of the decisions:  PYTHONPATH=tests python -m mutation [--again] [file ...]

Every mutant is a small change of one line, and the unit tests must fail with it. Prints the number of mutants of each file and
what became of them; fails below the goal.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import typing as t

from mutation import subject, tree

GOAL = 90
TREE = subject.REPOSITORY / "build" / "mutation"


def main() -> int:
    """Run, report; 1 when too many mutants survive."""
    asked = _arguments()
    if not asked.again and not asked.files:
        shutil.rmtree(TREE, ignore_errors=True)
    tree.lay(TREE, subject.mutated(), subject.judging())
    os.chdir(TREE)
    from mutation import mutants  # it reads what was laid

    names = mutants.survivors() if asked.again else [f"*.{file}.x*" for file in asked.files]
    if names or not asked.again:
        mutants.run(asked.processes, names)
    return _report(mutants.results(), mutants.FOUND)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="mutation")
    parser.add_argument("--again", action="store_true", help="only the mutants that survived the run before")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("files", nargs="*", help="only the mutants of these files of module_utils, such as _policies")
    return parser.parse_args()


def _report(results: dict[str, dict[str, str]], found: t.Collection[str]) -> int:
    print(f"{'file':28}{'mutants':>8}{'killed':>8}{'survived':>9}{'rate':>8}")
    for file, mutants in results.items():
        _print_row(file, list(mutants.values()), found)
    every = [status for mutants in results.values() for status in mutants.values()]
    return 0 if _print_row("all", every, found) >= GOAL else 1


def _print_row(name: str, statuses: t.Sequence[str], found: t.Collection[str]) -> float:
    killed = sum(status in found for status in statuses)
    rate = 100 * killed / len(statuses) if statuses else 100.0
    print(f"{name:28}{len(statuses):8}{killed:8}{len(statuses) - killed:9}{rate:7.1f}%")
    return rate


if __name__ == "__main__":
    sys.exit(main())
