# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fills the numbers of docs/speed.md in: what stands between two marks is made of the recorded results."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from benchmarks import profile, tables
from benchmarks.schedule import FULL
from benchmarks.targets import judge

if TYPE_CHECKING:
    from benchmarks.results import Results

MARKED = re.compile(r"(<!-- bench:(?P<name>\w+) -->\n).*?(<!-- /bench -->)", re.DOTALL)
TARGETS = ("scenario", "measure", "measured", "target", "amazon.aws + CLI", "this collection", "")
PROFILE = ("part", "ms of CPU", "what it is")


def filled(page: str, results: Results) -> str:
    """The page with the results in it."""
    parts = {
        "made": made(results),
        "targets": tables.markdown(TARGETS, tables.verdict_rows(judge(results))),
        "measured": tables.markdown(tables.MEASURED, tables.measured_rows(results)),
        "profile": tables.markdown(PROFILE, profile.rows(results.profile)),
    }
    return MARKED.sub(lambda match: f"{match[1]}{parts[match['name']]}\n{match[3]}", page)


def made(results: Results) -> str:
    """With what the numbers were made."""
    made = results.made
    is_preliminary = made["rounds"] < FULL.rounds or made["load"] > made["cpus"]
    warning = "**Preliminary: fewer rounds than a full benchmark makes, or a machine that was busy with other work.** "
    return (
        f"{warning if is_preliminary else ''}{made['rounds']} interleaved rounds at {made['latency_ms']:.0f} ms on "
        f"{made['cpus']} CPUs (load before: {made['load']:.1f}), "
        f"Python {made['python']}, ansible-core {made['ansible_core']}, amazon.aws {made['amazon_aws']}, boto3 {made['boto3']}; medians."
    )
