# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which looks of a wait are worth a line."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._progress import VARIABLE, Progress, duration

if t.TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (59.9, "59s"), (60, "1m 00s"), (250, "4m 10s"), (3599, "59m 59s"), (3725, "1h 02m 05s")],
)
def test_elapsed_time(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def lines_of(path: Path) -> list[str]:
    """What was written."""
    return path.read_text().splitlines() if path.exists() else []


def test_a_line_at_each_change_and_once_a_minute(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    progress = Progress("tracking server a", path)
    progress.begin()
    for elapsed in (0, 30, 59, 60, 90, 119, 120):
        progress.waiting("Creating", elapsed)
    progress.over("Created", 125)
    assert lines_of(path) == [
        "tracking server a: Creating (0s)",
        "tracking server a: Creating (1m 00s)",
        "tracking server a: Creating (2m 00s)",
        "tracking server a: Created (2m 05s)",
    ]


def test_a_change_of_state_restarts_the_minute(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    progress = Progress("tracking server a", path)
    for elapsed, state in ((0, "Updating"), (50, "MaintenanceInProgress"), (70, "MaintenanceInProgress")):
        progress.waiting(state, elapsed)
    assert len(lines_of(path)) == 2


def test_no_line_when_there_was_no_wait(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    progress = Progress("tracking server a", path)
    progress.begin()
    progress.over("Created", 0)
    assert lines_of(path) == []


def test_each_wait_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    progress = Progress("tracking server a", path)
    for _wait in range(2):
        progress.begin()
        progress.waiting("Updating", 0)
    assert len(lines_of(path)) == 2


def test_a_state_cannot_forge_a_line(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    Progress("tracking server a", path).waiting("Creating\nok: [host]", 0)
    assert lines_of(path) == ["tracking server a: Creating ok: [host] (0s)"]


def test_progress_that_cannot_be_written_disturbs_nothing(tmp_path: Path) -> None:
    progress = Progress("tracking server a", tmp_path / "missing" / "lines")
    progress.waiting("Creating", 0)
    progress.waiting("Updating", 1)
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_named_by_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    Progress.of_task("tracking server a", {VARIABLE: str(path)}).waiting("Creating", 0)
    assert lines_of(path) == ["tracking server a: Creating (0s)"]
    Progress.of_task("tracking server a", {}).waiting("Creating", 0)
    Progress.of_task("tracking server a", {VARIABLE: ""}).waiting("Creating", 0)
    assert len(lines_of(path)) == 1
