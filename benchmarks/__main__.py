# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares the collection with the playbook that an expert writes today: ``make bench``."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import signal
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import local_region
import yaml
from local_region import REPOSITORY

from benchmarks import page, plot, profile, tables
from benchmarks.measure import Bench, RunFailedError
from benchmarks.results import Results, load
from benchmarks.schedule import CHAIN_LATENCY_MS, FULL, LATENCY_MS, QUICK, Extent, Schedule
from benchmarks.targets import judge

if TYPE_CHECKING:
    from collections.abc import Sequence

RECORDED = REPOSITORY / "benchmarks" / "results.json"
PAGE = REPOSITORY / "docs" / "speed.md"
PICTURE = REPOSITORY / "docs" / "speed.svg"
LATEST = REPOSITORY / "build" / "bench"
# As AWS, it judges every call; what it must not do is to end the fleet at ten servers.
REGION = ("--mlflow", "off", "--set", "tls=true", "--set", "tracking_server_quota=1000")


def main(arguments: Sequence[str]) -> int:
    """Measure, or show again what was measured; 1 when a target is missed, 2 when nothing could be measured."""
    options = _parser().parse_args(arguments)
    # Who is asked to end, stops the region first, as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        results = load(options.show) if options.show else _measured(QUICK if options.quick else FULL, options.profile)
    except RunFailedError as failure:
        print(f"\nNothing was measured, because a run did not do what it had to:\n{failure}", file=sys.stderr)
        return 2
    if not options.show:
        results.save(LATEST / "results.json")
        plot.draw(results, LATEST / "speed.svg")
    if options.record:
        results.save(RECORDED)
        plot.draw(results, PICTURE)
        PAGE.write_text(page.filled(PAGE.read_text(), results))
    print(f"\n{tables.terminal(results)}\n\n{profile.text(results.profile)}\n")
    missed = [verdict for verdict in judge(results) if not verdict.met]
    print(f"{len(missed)} targets missed." if missed else "Every target that was measured is met.")
    return 1 if missed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two rounds, no fleets but our own 20 environments")
    parser.add_argument("--profile", action="store_true", help="only where the time of our run goes")
    parser.add_argument(
        "--record", action="store_true", help="write benchmarks/results.json, docs/speed.md and docs/speed.svg"
    )
    parser.add_argument("--show", type=Path, metavar="FILE", help="measure nothing, take these results")
    return parser


def _measured(extent: Extent, profile_only: bool) -> Results:
    results = Results(made=_circumstances(extent))
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        region = local_region.start(Path(folder) / "region", *REGION)
        try:
            bench = Bench(region, Path(folder))
            if not profile_only:
                Schedule(bench, results, _say).run(extent)
            results.profile = profile.measure(bench, _say)
        finally:
            local_region.stop(region)
    results.made["minutes"] = round((time.monotonic() - results.made.pop("begun")) / 60, 1)
    return results


def _circumstances(extent: Extent) -> dict[str, object]:
    return {
        "begun": time.monotonic(),
        "rounds": extent.rounds,
        "latency_ms": LATENCY_MS,
        "chain_latency_ms": CHAIN_LATENCY_MS,
        "cpus": len(os.sched_getaffinity(0)),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "ansible_core": importlib.metadata.version("ansible-core"),
        "amazon_aws": _collection_version("amazon.aws"),
        "boto3": importlib.metadata.version("boto3"),
    }


def _collection_version(name: str) -> str:
    """Of a collection in the package C(ansible)."""
    found = find_spec("ansible_collections")
    for folder in (found.submodule_search_locations or []) if found else []:
        manifest = Path(folder) / name.replace(".", "/") / "MANIFEST.json"
        if manifest.exists():
            return str(yaml.safe_load(manifest.read_text())["collection_info"]["version"])
    return "unknown"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
