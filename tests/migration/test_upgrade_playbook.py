# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""playbooks/upgrade.yml: a new MLflow in the place of an old one, back again, and the end of the old one."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

import pytest
from migration_servers import Managed, changed
from playbook_run import PlaybookRun, Project

if t.TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local_aws.managed_mlflow import ManagedMlflow

OLD = "upgraded-old"
WISH: dict[str, t.Any] = {
    "mlflow_server_kind": "app",
    "mlflow_server_name": "upgraded-new",
    "mlflow_upgrade": {"name": OLD, "migration": {"requests_per_second": 500.0}},
}


@dataclass
class Story:
    """What somebody does who upgrades, and what he had after each step."""

    project: Project
    old: Managed
    runs: dict[str, PlaybookRun]
    outputs: dict[str, dict[str, t.Any]]

    def step(self, name: str, *arguments: str, **variables: t.Any) -> None:
        self.runs[name] = self.project.succeed("upgrade", *arguments, **{**WISH, **variables})
        self.outputs[name] = self.project.outputs

    @property
    def status(self) -> str:
        sagemaker = self.old.region.client("sagemaker")
        return str(sagemaker.describe_mlflow_tracking_server(TrackingServerName=OLD)["TrackingServerStatus"])

    def new_app(self) -> Managed:
        sagemaker = self.old.region.client("sagemaker")
        found = sagemaker.list_mlflow_apps()["Summaries"]
        return Managed(self.old.region, next(each["Arn"] for each in found if each["Name"] == "upgraded-new"))


def log_a_run(server: Managed, name: str) -> None:
    """Somebody uses the server."""
    with changed(server.database) as connection:
        columns = "run_uuid, name, experiment_id, status, start_time, end_time, lifecycle_stage, artifact_uri, user_id"
        values = (name.ljust(32, "0"), name, 0, "FINISHED", 1, 2, "active", f"s3://models-of-the-tests/0/{name}", "u")
        marks = ", ".join("?" * len(values))
        connection.execute(f"INSERT INTO runs ({columns}) VALUES ({marks})", values)


@pytest.fixture(scope="module")
def story(managed_mlflow: ManagedMlflow, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Deployed, used, previewed, upgraded, upgraded again, rolled back."""
    project = Project(tmp_path_factory.mktemp("upgrade"), managed_mlflow.region)
    project.succeed("deploy", mlflow_server_name=OLD)
    arn = project.outputs["tracking_server_arn"]
    story = Story(project, Managed(managed_mlflow.region, arn), {}, {"before": project.outputs})
    log_a_run(story.old, "first")
    story.step("preview", "--check")
    story.step("upgraded")
    story.step("again")
    yield story
    # An account may have three Apps, and other tests want one.
    managed_mlflow.region.client("sagemaker").delete_mlflow_app(Arn=story.new_app().arn)


def test_a_preview_writes_nothing_and_tells_what_would_happen(story: Story) -> None:
    run = story.runs["preview"]
    assert run.writes == []
    assert "the outputs of mlflow-test would name the new one" in " ".join(run.output.split())
    assert story.outputs["preview"] == story.outputs["before"]


def test_everything_is_in_the_new_one_and_the_outputs_name_it(story: Story) -> None:
    outputs = story.outputs["upgraded"]
    assert outputs["tracking_server_name"] == "upgraded-new"
    assert ":mlflow-app/" in outputs["mlflow_tracking_uri"]
    assert outputs["mlflow_tracking_uri"] == story.new_app().arn
    assert outputs.keys() == story.outputs["before"].keys()
    assert story.new_app().count("runs", "name = 'first'") == 1
    assert "-e mlflow_upgrade_state=rolled_back" in story.runs["upgraded"].output


def test_a_second_run_changes_nothing(story: Story) -> None:
    assert story.runs["again"].changed == 0
    assert story.runs["again"].writes == []
    assert story.outputs["again"] == story.outputs["upgraded"]


def test_the_old_one_is_stopped_comes_back_with_one_command_and_goes_with_another(story: Story) -> None:
    assert story.status == "Stopped"
    delete = {"mlflow_upgrade_state": "finished"}
    refused = story.project.run("upgrade", **{**WISH, **delete})
    assert refused.code != 0
    assert "only with mlflow_upgrade_delete_data=true" in " ".join(refused.output.split())
    story.step("back", "-e", "mlflow_upgrade_state=rolled_back")
    assert story.status in ("Started", "Created")
    before = {key: value for key, value in story.outputs["before"].items() if key != "status"}
    assert {key: value for key, value in story.outputs["back"].items() if key != "status"} == before
    log_a_run(story.old, "second")
    story.step("forward")
    assert story.status == "Stopped"
    assert story.new_app().count("runs", "name = 'first'") == 1
    assert story.new_app().count("runs", "name = 'second'") == 1
    assert story.outputs["forward"] == story.outputs["upgraded"]
    story.step("end", **delete, mlflow_upgrade_delete_data=True)
    names = story.old.region.client("sagemaker").list_mlflow_tracking_servers()["TrackingServerSummaries"]
    assert OLD not in [each["TrackingServerName"] for each in names]
    assert story.outputs["end"] == story.outputs["upgraded"]


@pytest.mark.parametrize(
    "wish",
    [
        {"mlflow_upgrade": "upgraded-old"},
        {"mlflow_upgrade": {"name": "upgraded-new", "kind": "app"}},
        {"mlflow_upgrade": {"name": OLD}, "mlflow_upgrade_state": "undone"},
    ],
)
def test_an_upgrade_that_cannot_be_meant_is_refused(
    wish: dict[str, t.Any], managed_mlflow: ManagedMlflow, tmp_path: Path
) -> None:
    run = Project(tmp_path, managed_mlflow.region).run("upgrade", **{**WISH, **wish})
    assert run.code != 0
    assert "Set mlflow_upgrade to a dictionary that describes the old one" in " ".join(run.output.split())
    assert run.writes == []
