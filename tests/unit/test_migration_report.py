# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page that a manager reads: one verdict, and nothing of what somebody called a run becomes markup."""

from __future__ import annotations

import typing as t
from concurrent.futures import Future

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._journal import Journal, SameIds
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._report import page, write
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._tally import Tally
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._transfer_progress import (
    TransferProgress,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._progress import Progress

if t.TYPE_CHECKING:
    from pathlib import Path


def report(tally: Tally, verification: Tally | None = None, **more: t.Any) -> dict[str, t.Any]:
    nothing = {"requests": 0, "writes": 0, "retries": 0}
    return {
        "source": {"kind": "server", "place": "https://old.example.com", "version": "MLflow 2.8.0"},
        "target": {"kind": "server", "place": "arn:aws:sagemaker:x", "version": "3.0"},
        "began": "2026-01-01 00:00:00 UTC",
        "seconds": 61,
        "traffic": {"target": nothing, "source": nothing},
        "cannot_take": [],
        "losses": tally.losses,
        "differences": verification.losses if verification else 0,
        **tally.report(),
        "verification": verification.report() if verification else None,
        **more,
    }


def tally(kind: str = "run", *problems: bool) -> Tally:
    made = Tally()
    made.add(kind, created=1)
    for is_loss in problems:
        made.problem(kind, "id", "<b>name</b>", "is <i>missing</i>", is_loss=is_loss)
    return made


@pytest.mark.parametrize(
    ("moved", "compared", "verdict"),
    [
        (tally(), None, "Complete. Both sides were not compared."),
        (tally(), tally(), "Complete. Comparing both sides found no difference."),
        (tally("run", False), tally(), "Complete. Comparing both sides found no difference."),
        (tally("run", True), tally(), "Not complete: 1 did not arrive as they were."),
        (tally(), tally("run", True), "Not complete: comparing both sides found 1 difference."),
        (
            tally("run", True, True),
            tally("run", True, True),
            "2 did not arrive as they were and comparing both sides found 2 differences.",
        ),
    ],
)
def test_the_verdict(moved: Tally, compared: Tally | None, verdict: str) -> None:
    assert verdict in page(report(moved, compared))


def test_names_of_users_are_no_markup() -> None:
    text = page(report(tally("run", True), tally("run", True)))
    assert "&lt;b&gt;name&lt;/b&gt;" in text
    assert "<b>name" not in text and "<i>missing" not in text


def test_what_the_target_cannot_take_is_told() -> None:
    assert "<li>prompts</li>" in page(report(tally(), cannot_take=["prompts"]))


def test_kinds_that_were_only_compared_are_shown() -> None:
    assert "Metric values" in page(report(tally("run"), tally("metric_point")))


def counted(total: int | Exception | None) -> Future[int]:
    """The future of a count; None while it goes on."""
    future: Future[int] = Future()
    if isinstance(total, Exception):
        future.set_exception(total)
    elif total is not None:
        future.set_result(total)
    return future


@pytest.mark.parametrize(
    ("total", "told"),
    [
        (100, "[#####-------------------] 20% 20 of 100 runs, 2.0 a second, 40s left"),
        (None, "20 runs, 2.0 a second"),
        (ConnectionError("gone"), "20 runs, 2.0 a second"),
    ],
)
def test_who_waits_sees_how_far_it_is(tmp_path: Path, total: int | Exception | None, told: str) -> None:
    moments = iter([0.0, 1.0, 10.0])
    lines = tmp_path / "lines"
    progress = TransferProgress(Progress("migration", lines), "moving", counted(total), clock=lambda: next(moments))
    progress.advance("run", 20)
    assert not lines.exists(), "one line every two seconds is enough"
    progress.advance("trace", 1)
    assert lines.read_text() == f"migration: moving {told}; 1 trace (10s)\n"


def test_an_archive_has_no_new_ids(tmp_path: Path) -> None:
    target = {"kind": "archive", "place": "s3://backups/mlflow", "version": "archive"}
    archived = report(tally(), tally(), target=target)
    text = page(archived)
    assert "<h1>Archive s3://backups/mlflow</h1>" in text
    assert "everything has the id that it had" in text
    assert write(tmp_path, archived, SameIds()).keys() == {"json", "html"}
    assert "have new ids: see id_map.csv" in page(report(tally()))
    assert write(tmp_path, report(tally()), Journal()).keys() == {"json", "html", "id_map"}
