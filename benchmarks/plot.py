# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the comparison for docs/speed.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.contestants import MODULES, OURS, PEER
from benchmarks.tables import NAMES, SCENARIOS

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.results import Measurement, Results

ROWS = (("noop", 1), ("check", 1), ("drift", 1), ("create", 1))
COLOURS = {PEER: "#9aa5b1", OURS: "#045a8d", MODULES: "#74a9cf"}
PANELS = (("wall", "seconds"), ("cpu", "seconds of CPU"), ("chain", "round trips"))


def draw(results: Results, path: Path) -> None:
    """Write an SVG, the same for the same results."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "speed", "svg.fonttype": "none", "font.size": 9, "font.family": "sans-serif"})
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(PANELS), figsize=(10, 3.4), sharey=True, layout="constrained")
    for axis, (measure, title) in zip(axes, PANELS, strict=True):
        _panel(axis, results, measure, title)
    axes[0].set_yticks(range(len(ROWS)), [SCENARIOS[scenario] for scenario, _size in ROWS])
    axes[0].invert_yaxis()
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(COLOURS), frameon=False)
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)


def _panel(axis: Any, results: Results, measure: str, title: str) -> None:
    height = 0.8 / len(COLOURS)
    for place, (name, colour) in enumerate(COLOURS.items()):
        found = [results.find(scenario, name, size) for scenario, size in ROWS]
        values = [_value(each, measure) for each in found]
        positions = [row + (place - 1) * height for row in range(len(ROWS))]
        bars = axis.barh(positions, values, height * 0.92, color=colour, label=NAMES[name])
        axis.bar_label(bars, [f"{value:.3g}" for value in values], padding=2, fontsize=7, color="#444444")
    axis.set_title(title, fontsize=9, loc="left")
    axis.margins(x=0.14)
    axis.spines[["top", "right", "bottom"]].set_visible(False)
    axis.tick_params(axis="x", bottom=False, labelbottom=False)
    axis.tick_params(axis="y", left=False)


def _value(measurement: Measurement | None, measure: str) -> float:
    return 0.0 if measurement is None else float(getattr(measurement, measure))
