# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moves workloads between real MLflow servers with this collection and with the best other tool: ``make bench-migration``."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from local_region import REPOSITORY
from migration_servers import database

from benchmarks.migration.contest import PEER, MeasurementError, Outcome, Scenario, ours, peer, stage
from benchmarks.migration.targets import DATABASE, SERVER, judge

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LATEST = REPOSITORY / "build" / "bench-migration"
FULL = (
    Scenario("plain", "plain", 1000),
    Scenario("real", "real", 1000),
    Scenario("far", "plain", 75, delay=0.08),
    Scenario("limited", "plain", 400, allowed=25, steps=5, is_compared=False, is_past_the_source=True),
)
QUICK = (
    Scenario("plain", "plain", 100),
    Scenario("real", "real", 100),
    Scenario("far", "plain", 20, delay=0.08),
    Scenario("limited", "plain", 50, allowed=25, steps=5, is_compared=False, is_past_the_source=True),
)


def main(arguments: Sequence[str]) -> int:
    """Measure; 1 when a target is missed, 2 when nothing could be measured."""
    options = _parser().parse_args(arguments)
    scenarios = [each for each in (QUICK if options.quick else FULL) if each.name in (options.only or each.name)]
    try:
        outcomes = [_told(outcome) for scenario in scenarios for outcome in _measured(scenario, options.without_peer)]
    except MeasurementError as failure:
        print(f"\nNothing was measured, because a migration did not do what it had to:\n{failure}", file=sys.stderr)
        return 2
    verdicts = judge(scenarios, outcomes)
    LATEST.mkdir(parents=True, exist_ok=True)
    made = {"python": platform.python_version(), "cpus": os.cpu_count(), "load": os.getloadavg()[0]}
    document = {
        "made": made,
        "outcomes": [each.report() for each in outcomes],
        "targets": [vars(each) for each in verdicts],
    }
    (LATEST / "results.json").write_text(json.dumps(document, indent=1) + "\n")
    print(f"\n{_table(outcomes)}\n")
    for verdict in verdicts:
        sign = "met   " if verdict.met else "MISSED"
        print(f"{sign} {verdict.scenario:8} {verdict.measure:40} {verdict.measured:>20}   target {verdict.target}")
    missed = sum(not verdict.met for verdict in verdicts)
    print(f"\n{missed} targets missed." if missed else "\nEvery target that was measured is met.")
    return 1 if missed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench-migration ARGS=...", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything")
    parser.add_argument("--only", nargs="+", choices=[each.name for each in FULL], help="these scenarios")
    parser.add_argument("--without-peer", action="store_true", help="only this collection: nothing to compare with")
    return parser


def _measured(scenario: Scenario, without_peer: bool) -> Iterator[Outcome]:
    with tempfile.TemporaryDirectory(prefix="bench-migration-") as folder, stage(scenario, Path(folder)) as ready:
        _say(f"{scenario.name}: {scenario.runs} runs, from the database")
        yield from ours(ready, DATABASE, database(ready.source), again=True)
        _say(f"{scenario.name}: from the server")
        yield from ours(ready, SERVER, ready.server)
        if scenario.is_compared and not without_peer:
            if not PEER.exists():
                raise MeasurementError(f"{PEER} is missing: make bench-migration makes it.")
            _say(f"{scenario.name}: mlflow-export-import")
            yield peer(ready)


def _told(outcome: Outcome) -> Outcome:
    """Each as soon as it is there: all of them take an hour."""
    _say(_row(outcome))
    return outcome


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _table(outcomes: Sequence[Outcome]) -> str:
    head = f"{'scenario':9}{'tool':26}{'wall s':>9}{'CPU s':>8}{'MiB':>6}{'source':>8}{'target':>8}{'differences':>13}  arrived"
    return "\n".join([head, *(_row(each) for each in outcomes)])


def _row(outcome: Outcome) -> str:
    differing = "-" if outcome.differences is None else str(outcome.differences)
    missing = ", ".join(f"{table} {part}" for table, part in outcome.arrived.items() if len(set(part.split("/"))) > 1)
    return (
        f"{outcome.scenario:9}{outcome.contestant:26}{outcome.wall:9.1f}{outcome.cpu:8.1f}{outcome.memory_mib:6.0f}"
        f"{outcome.requests_of_source:8}{outcome.requests_of_target:8}{differing:>13}  {missing or 'everything'}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
