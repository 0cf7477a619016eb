# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results as tables: on the terminal, and in Markdown. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.contestants import EMPTY, MODULES, OURS, PEER
from benchmarks.targets import judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.results import Measurement, Results
    from benchmarks.targets import Verdict

NAMES = {
    PEER: "amazon.aws + CLI",
    OURS: "this collection",
    MODULES: "this collection, ordinary modules",
    EMPTY: "an empty play",
}
SCENARIOS = {
    "noop": "nothing to do",
    "bulk": "nothing to do, roles in bulk",
    "throttled": "nothing to do, IAM at 20 requests/s",
    "throttled, bulk": "nothing to do, roles in bulk, IAM at 20 requests/s",
    "check": "check mode",
    "create": "create",
    "drift": "drift of three settings",
    "empty play": "no task at all",
    "check of nothing, fails": "check of what does not exist: fails",
}
MEASURED = ("scenario", "environments", "by", "calls", "round trips", "connections", "wall s", "CPU s", "runs")
VERDICT = ("target", "", "measured", "target", "the other", "ours", "")


def terminal(results: Results) -> str:
    """Everything, for a person at a terminal."""
    return "\n\n".join(
        [_aligned(MEASURED, measured_rows(results)), _aligned(VERDICT, verdict_rows(judge(results))), *notes(results)]
    )


def measured_rows(results: Results) -> list[list[str]]:
    """One row a measurement."""
    order = list(SCENARIOS)
    ordered = sorted(results.measurements, key=lambda each: (each.environments, order.index(each.scenario)))
    return [_measured(each) for each in ordered]


def verdict_rows(verdicts: Sequence[Verdict]) -> list[list[str]]:
    """One row a target."""
    return [
        [
            verdict.title,
            verdict.measure,
            f"{_number(verdict.value)}{'x' if verdict.own is not None else ''}",
            f"{'≥' if verdict.own is not None else '≤'} {_number(verdict.limit)}",
            "" if verdict.baseline is None else _number(verdict.baseline),
            _number(verdict.value if verdict.own is None else verdict.own),
            "met" if verdict.met else "MISSED",
        ]
        for verdict in verdicts
    ]


def notes(results: Results) -> list[str]:
    """What a measurement says beside its numbers."""
    return [f"{each.contestant}, {each.scenario}: {note}" for each in results.measurements for note in each.notes]


def markdown(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table for a page."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _measured(each: Measurement) -> list[str]:
    return [
        SCENARIOS[each.scenario],
        str(each.environments),
        NAMES[each.contestant],
        str(each.total_calls),
        str(each.chain),
        str(each.connections),
        f"{each.wall:.2f}",
        f"{each.cpu:.2f}",
        str(len(each.wall_runs)),
    ]


def _number(value: float) -> str:
    return f"{value:.0f}" if value == round(value) else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _aligned(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(line[column]) for line in [titles, *rows]) for column in range(len(titles))]
    lines = [titles, ["-" * width for width in widths], *rows]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
