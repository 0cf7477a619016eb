# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""playbooks/migrate.yml and playbooks/backup.yml, as somebody runs them who has an inventory and an old MLflow."""

from __future__ import annotations

import json
import typing as t

import pytest
from migration_servers import database
from playbook_run import Project

if t.TYPE_CHECKING:
    from pathlib import Path

    from migration_servers import Managed


@pytest.mark.usefixtures("moved")
def test_an_old_mlflow_moves_into_the_one_of_the_inventory(self_hosted: Path, server: Managed, tmp_path: Path) -> None:
    project = Project(tmp_path, server.region)
    source = database(self_hosted)
    wish = {"source": source, "verify": "summary", "requests_per_second": 500.0, "models": ["prompt-*"]}
    run = project.succeed("migrate", mlflow_server_name="models", mlflow_migration=wish)
    report = json.loads((tmp_path / "outputs" / "mlflow-test-migration" / "report.json").read_text())
    assert (report["losses"], report["differences"]) == (0, 0)
    assert report["counts"]["registered_model"]["left_out"] > 0, "the filter reached the module"
    assert "mlflow-test-migration/report.html" in run.output
    updates = [entry for entry in server.region.log() if entry["operation"] == "UpdateMlflowTrackingServer"]
    sagemaker = server.region.client("sagemaker")
    registers = sagemaker.describe_mlflow_tracking_server(TrackingServerName="models")["AutomaticModelRegistration"]
    assert registers and updates, "the automatic registration is as the inventory wishes it afterwards"


def test_an_inventory_that_does_not_say_what_moves_is_refused(server: Managed, tmp_path: Path) -> None:
    project = Project(tmp_path, server.region)
    run = project.run("migrate", mlflow_server_name="models")
    assert run.code != 0
    assert "Set mlflow_migration to a dictionary" in run.output


@pytest.mark.usefixtures("moved")
def test_the_mlflow_of_the_inventory_is_backed_up(server: Managed, tmp_path: Path) -> None:
    project = Project(tmp_path, server.region)
    backup = {"uri": f"file://{tmp_path}/backup", "experiments": ["Default"], "verify": "summary"}
    run = project.succeed("backup", mlflow_server_name="models", mlflow_backup=backup)
    assert "mlflow-test-backup/report.html" in run.output
    about = json.loads((tmp_path / "backup" / "archive.json").read_text())
    assert about["counts"]["experiment"] == 1
    assert about["source"]["place"].endswith("mlflow-tracking-server/models")
    again = project.succeed("backup", mlflow_server_name="models", mlflow_backup=backup)
    assert again.changed == 0


def test_a_backup_without_a_place_is_refused(server: Managed, tmp_path: Path) -> None:
    run = Project(tmp_path, server.region).run("backup", mlflow_server_name="models", mlflow_backup={"uri": "/srv/x"})
    assert run.code != 0
    assert "Set mlflow_backup to a dictionary with uri" in run.output
