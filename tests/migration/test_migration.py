# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a self-hosted MLflow into managed ones: complete, once, proven."""

from __future__ import annotations

import json
import sqlite3
import typing as t
from contextlib import closing

import pytest
from migration_servers import FaultyProxy, changed, database

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._progress import VARIABLE as PROGRESS_FILE

if t.TYPE_CHECKING:
    from pathlib import Path

    from migration.conftest import FirstRun
    from migration_servers import Managed
    from module_run import Modules

MODULE = "mlflow_migration"


class TestFromTheDatabaseIntoATrackingServer:
    def test_a_preview_tells_what_would_move_and_writes_nothing(self, moved: FirstRun) -> None:
        plan = moved.preview.result["plan"]
        counts = moved.run.result["counts"]
        assert moved.preview.changed
        kinds = ("experiment", "run", "metric_point", "logged_model", "registered_model", "prompt_version", "trace")
        expected = {kind: counts[kind]["created"] for kind in kinds}
        # Every MLflow has an experiment Default.
        assert {kind: plan["counts"][kind] for kind in kinds} == expected
        assert plan["bytes"] > 0
        assert plan["requests_per_second"] == 25.0, "AWS allows a small server 25 requests a second"
        assert plan["seconds"] >= plan["requests"] / 25
        assert moved.preview.result["traffic"]["target"]["writes"] == 0

    def test_everything_arrives_and_is_proven(self, server: Managed, moved: FirstRun) -> None:
        assert moved.differences == []
        assert (moved.run.result["losses"], moved.run.result["differences"]) == (0, 0)
        report = json.loads((moved.report / "report.json").read_text())
        points = report["verification"]["counts"]["metric_point"]
        assert points["unchanged"] == points["found"] == report["counts"]["metric_point"]["created"]
        page = (moved.report / "report.html").read_text()
        assert "Complete. Comparing both sides found no difference." in page
        rows = (moved.report / "id_map.csv").read_text().splitlines()
        assert len({line.split(",")[1] for line in rows if line.startswith("run,")}) == server.count("runs")
        told = [
            each["name"]
            for each in report["problems"]
            if "SageMaker's model registry takes no such name" in each["what"]
        ]
        assert "empty model" in told and "prompt-0" not in told
        assert not any(each["is_loss"] for each in report["problems"])

    @pytest.mark.usefixtures("moved")
    def test_requests_are_few(self, self_hosted: Path, server: Managed, managed_modules: Modules) -> None:
        """What is not there is not asked for."""
        run = managed_modules.run(MODULE, source=database(self_hosted), target={"uri": server.arn}, verify="none")
        assert not run.changed
        assert run.result["traffic"]["target"]["writes"] == 0, "the second run wrote"
        assert run.result["traffic"]["target"]["requests"] <= 25

    @pytest.mark.usefixtures("moved")
    def test_only_what_is_new_or_changed_moves_later(
        self, self_hosted: Path, server: Managed, managed_modules: Modules
    ) -> None:
        with changed(self_hosted / "mlflow.db") as connection:
            ids = [row[0] for row in connection.execute("SELECT run_uuid FROM runs WHERE lifecycle_stage = 'active'")]
            going_on = connection.execute("SELECT run_uuid FROM runs WHERE status = 'RUNNING'").fetchone()[0]
            connection.execute("INSERT INTO tags VALUES ('added', 'later', ?)", [ids[0]])
            connection.execute(
                "UPDATE runs SET status = 'FINISHED', end_time = 1750009999999 WHERE run_uuid = ?", [going_on]
            )
            for table in ("metrics", "latest_metrics"):
                columns = '("key", value, "timestamp", step, is_nan, run_uuid)'
                connection.execute(
                    f"INSERT INTO {table} {columns} VALUES ('more', 1.5, 1750009999000, 0, 0, ?)", [going_on]
                )
            connection.execute(
                "UPDATE model_versions SET description = 'changed' WHERE version = 1 AND name = 'prompt-0'"
            )
        run = managed_modules.run(
            MODULE, source=database(self_hosted), target={"uri": server.arn}, requests_per_second=500
        )
        counts = run.result["counts"]
        assert (counts["run"]["updated"], counts["run"]["created"]) == (2, 0)
        assert counts["prompt_version"]["updated"] == 1
        assert server.differences(self_hosted) == []

    @pytest.mark.usefixtures("moved")
    def test_a_file_that_came_later_moves(self, self_hosted: Path, server: Managed, managed_modules: Modules) -> None:
        with closing(sqlite3.connect(self_hosted / "mlflow.db")) as connection:
            query = "SELECT artifact_uri FROM runs WHERE status = 'FINISHED' AND lifecycle_stage = 'active' LIMIT 1"
            uri = connection.execute(query).fetchone()[0]
        folder = self_hosted / "artifacts" / uri.removeprefix("mlflow-artifacts:/")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "late.txt").write_text("late")
        wish: dict[str, t.Any] = {"source": database(self_hosted), "target": {"uri": server.arn}}
        plan = managed_modules.run(MODULE, check=True, **wish).result["plan"]
        assert (plan["counts"], plan["bytes"]) == ({"artifact": 1}, 4)
        run = managed_modules.run(MODULE, **wish, requests_per_second=500)
        assert run.result["counts"]["run"]["updated"] == 1
        assert run.result["traffic"]["target"]["writes"] == 0, "files go into the bucket"
        (folder / "late.txt").write_text("LATE")
        again = managed_modules.run(MODULE, **wish, requests_per_second=500)
        assert again.result["counts"]["artifact"]["created"] == 1, "of the same size, and written again"
        assert server.differences(self_hosted) == []

    @pytest.mark.usefixtures("moved")
    def test_a_lost_file_is_found(self, self_hosted: Path, server: Managed, managed_modules: Modules) -> None:
        s3 = server.region.client("s3")
        bucket = "models-of-the-tests"
        key = next(
            item["Key"]
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="server/")
            for item in page.get("Contents", ())
            if item["Key"].endswith("file0.bin")
        )
        content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        s3.put_object(Bucket=bucket, Key=key, Body=bytes(len(content)))
        message = managed_modules.fail(
            MODULE, source=database(self_hosted), target={"uri": server.arn}, requests_per_second=500
        )
        assert "found 1 differences" in message
        assert "file0.bin: its content differs" in message.replace("': ", ": ")
        s3.put_object(Bucket=bucket, Key=key, Body=content)


class TestFromAServerIntoAnApp:
    def test_everything_arrives(self, moved_to_app: FirstRun) -> None:
        assert moved_to_app.differences == []
        assert (moved_to_app.run.result["losses"], moved_to_app.run.result["differences"]) == (0, 0)

    @pytest.mark.usefixtures("moved_to_app")
    def test_a_second_run_writes_nothing(self, url: str, app: Managed, managed_modules: Modules) -> None:
        run = managed_modules.run(MODULE, source={"uri": url}, target={"uri": app.arn}, verify="none")
        assert not run.changed
        assert run.result["traffic"]["target"]["writes"] == 0


@pytest.mark.parametrize(("is_read", "passes"), [(False, 1), (True, 2)])
def test_runs_are_counted_only_for_who_reads_how_far_it_is(
    url: str, managed_modules: Modules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_read: bool, passes: int
) -> None:
    """Over REST it is a pass over all of them."""
    if is_read:
        monkeypatch.setenv(PROGRESS_FILE, str(tmp_path / "lines"))
    proxy = FaultyProxy(url)
    with proxy.running() as source:
        managed_modules.run(
            MODULE, source={"uri": source}, target={"uri": f"file://{tmp_path / 'archive'}"}, verify="none"
        )
    assert sum("runs/search" in line for line in proxy.requests) == passes
