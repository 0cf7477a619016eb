# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A presigned link opens MLflow's UI in a real browser, with what was logged in it."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import mlflow
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from local_aws.managed_mlflow import ManagedMlflow

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1400,900",
    "--virtual-time-budget=20000",
]


def page_of(url: str, profile: Path) -> str:
    """What the page is after its scripts have run."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert browser is not None, "this test needs chromium in PATH"
    picture = profile.with_suffix(".png")
    command = [browser, *FLAGS, f"--user-data-dir={profile}", f"--screenshot={picture}", "--dump-dom", url]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert picture.stat().st_size > 10_000, "an empty page is smaller"
    return shown.stdout


# An App's UI asks which workspace to show.
@pytest.mark.parametrize(("kind", "query"), [("tracking_server", ""), ("app", "?workspace=default")])
def test_the_run_is_on_the_page(
    managed_mlflow: ManagedMlflow, kind: str, query: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in managed_mlflow.region.environment.items():
        monkeypatch.setenv(name, value)
    previous = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(managed_mlflow.arns[kind])
    mlflow.set_experiment(f"seen in the browser, {kind}")
    with mlflow.start_run(run_name="prices-with-weather") as run:
        mlflow.log_metric("error", 0.125)
    mlflow.set_tracking_uri(previous)
    url = managed_mlflow.presigned_url(kind)
    page = page_of(f"{url}#/experiments/{run.info.experiment_id}/runs{query}", tmp_path / "profile")
    assert "prices-with-weather" in page
    assert "0.125" in page


def test_a_used_link_says_so(managed_mlflow: ManagedMlflow, tmp_path: Path) -> None:
    url = managed_mlflow.presigned_url()
    page_of(url, tmp_path / "first")
    assert "used already" in page_of(url, tmp_path / "second")
