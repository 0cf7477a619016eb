# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a self-hosted MLflow into managed ones: complete, once, proven. The tests of a class build on each other."""

from __future__ import annotations

import json
import sqlite3
import typing as t
from contextlib import closing

if t.TYPE_CHECKING:
    from pathlib import Path

    from migration_servers import Managed
    from module_run import Modules

MODULE = "mlflow_migration"


def database(folder: Path) -> dict[str, str]:
    """The source read past its server."""
    return {"uri": f"sqlite:///{folder}/mlflow.db", "artifacts_destination": str(folder / "artifacts")}


def mlflow_writes(modules: Modules) -> list[str]:
    """The requests to MLflow that changed something."""
    return [
        entry["operation"]
        for entry in modules.region.log()
        if entry["service"] == "sagemaker-mlflow" and entry["write"]
    ]


class TestFromTheDatabaseIntoATrackingServer:
    def test_a_preview_tells_what_would_move_and_writes_nothing(
        self, self_hosted: Path, server: Managed, managed_modules: Modules
    ) -> None:
        run = managed_modules.run(MODULE, check=True, source=database(self_hosted), target={"uri": server.arn})
        plan = run.result["plan"]
        with closing(sqlite3.connect(self_hosted / "mlflow.db")) as connection:
            runs, points, models, traces = (
                connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
                for table in ("runs", "metrics", "logged_models", "trace_info")
            )
        assert run.changed
        assert (plan["counts"]["run"], plan["counts"]["metric_point"]) == (runs, points)
        assert (plan["counts"]["logged_model"], plan["counts"]["trace"]) == (models, traces)
        assert plan["bytes"] == sum(
            path.stat().st_size for path in (self_hosted / "artifacts").rglob("*") if path.is_file()
        )
        assert plan["requests_per_second"] == 25.0, "AWS allows a small server 25 requests a second"
        assert plan["seconds"] >= plan["requests"] / 25
        assert server.count("runs") == 0
        assert run.result["traffic"]["target"]["writes"] == 0

    def test_everything_arrives_and_is_proven(
        self, self_hosted: Path, server: Managed, managed_modules: Modules, tmp_path: Path
    ) -> None:
        run = managed_modules.run(
            MODULE,
            source=database(self_hosted),
            target={"uri": server.arn},
            report_dir=str(tmp_path),
            requests_per_second=500,
        )
        assert server.differences(self_hosted) == []
        assert (run.result["losses"], run.result["differences"]) == (0, 0)
        report = json.loads((tmp_path / "report.json").read_text())
        assert report["verification"]["counts"]["metric_point"]["unchanged"] == server.count("metrics")
        page = (tmp_path / "report.html").read_text()
        assert "Complete. Comparing both sides found no difference." in page
        old_ids = {
            line.split(",")[1] for line in (tmp_path / "id_map.csv").read_text().splitlines() if line.startswith("run,")
        }
        assert len(old_ids) == server.count("runs")
        told = [
            each["name"]
            for each in report["problems"]
            if "SageMaker's model registry takes no such name" in each["what"]
        ]
        assert "empty model" in told and "prompt-0" not in told
        assert not any(each["is_loss"] for each in report["problems"])

    def test_requests_are_few(self, self_hosted: Path, server: Managed, managed_modules: Modules) -> None:
        """Create, log-batch, update, and a little more: what is not there is not asked for."""
        writes = server.count("runs")
        assert writes
        run = managed_modules.run(MODULE, source=database(self_hosted), target={"uri": server.arn}, verify="none")
        assert not run.changed
        assert run.result["traffic"]["target"]["writes"] == 0, "the second run wrote"
        assert run.result["traffic"]["target"]["requests"] <= 25

    def test_only_what_is_new_or_changed_moves_later(
        self, self_hosted: Path, server: Managed, managed_modules: Modules
    ) -> None:
        with closing(sqlite3.connect(self_hosted / "mlflow.db")) as connection, connection:
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
        assert server.differences(self_hosted) == []

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
    def test_everything_arrives(self, self_hosted: Path, url: str, app: Managed, managed_modules: Modules) -> None:
        run = managed_modules.run(MODULE, source={"uri": url}, target={"uri": app.arn})
        assert app.differences(self_hosted) == []
        assert (run.result["losses"], run.result["differences"]) == (0, 0)

    def test_a_second_run_writes_nothing(self, url: str, app: Managed, managed_modules: Modules) -> None:
        run = managed_modules.run(MODULE, source={"uri": url}, target={"uri": app.arn}, verify="none")
        assert not run.changed
        assert run.result["traffic"]["target"]["writes"] == 0
