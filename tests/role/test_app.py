# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same role, deployed as an App."""

from __future__ import annotations

import typing as t

import pytest
from local_region import ACCOUNT
from mlflow_account import make_app
from role.test_deploy import BUCKET, OUTPUT_KEYS, ROLE, SERVER, changed_lines

if t.TYPE_CHECKING:
    from playbook_run import PlaybookRun, Project

APP = SERVER
READS = {
    "sagemaker:ListMlflowApps": 1,
    "sagemaker:DescribeMlflowApp": 1,
    "sagemaker:ListTags": 1,
    # The look for a tracking server that a change of the kind left behind.
    "sagemaker:DescribeMlflowTrackingServer": 1,
}


@pytest.fixture
def project(project: Project) -> Project:
    """An inventory with one App."""
    project.variables["mlflow_server_kind"] = "app"
    return project


def apps(project: Project) -> list[dict[str, t.Any]]:
    """Every App that is not gone, described."""
    client = project.region.client("sagemaker")
    live = [app for app in client.list_mlflow_apps()["Summaries"] if app["Status"] != "Deleted"]
    return [client.describe_mlflow_app(Arn=app["Arn"]) for app in live]


def said(run: PlaybookRun) -> str:
    return " ".join(run.output.replace("[WARNING]: ", "").split())


def sagemaker_calls(run: PlaybookRun) -> dict[str, int]:
    names = [call for call in run.calls if call.startswith("sagemaker:")]
    return {name: names.count(name) for name in names}


def test_an_empty_account(project: Project) -> None:
    preview = project.check("deploy")
    assert preview.summary == [f"+ role {ROLE}", f"+ bucket {BUCKET}", f"+ App {APP}"]
    assert "tracking_server_arn  = (known after the run)" in preview.output.replace("   ", "  ")
    assert "tracking_server_url" not in "".join(preview.output.partition("Outputs:")[2])
    assert not (project.folder / "outputs").exists()

    deployed = project.succeed("deploy")
    assert deployed.summary == preview.summary
    assert deployed.changed == preview.changed
    (app,) = apps(project)
    outputs = project.outputs
    assert outputs.keys() == OUTPUT_KEYS
    assert [key for key, value in outputs.items() if not value] == ["tracking_server_url"]
    assert outputs["mlflow_tracking_uri"] == outputs["tracking_server_arn"] == app["Arn"]
    assert (outputs["tracking_server_name"], outputs["mlflow_version"]) == (APP, app["MlflowVersion"])
    assert (outputs["region"], outputs["account_id"]) == ("us-east-1", ACCOUNT)
    assert app["RoleArn"] == outputs["mlflow_role_arn"]
    assert app["ModelRegistrationMode"] == "AutoModelRegistrationEnabled"
    assert app["WeeklyMaintenanceWindowStart"] == "Tue:03:30"
    assert "KmsKeyId" not in app

    again = project.succeed("deploy")
    assert (again.changed, again.writes) == (0, [])
    assert sagemaker_calls(again) == READS
    assert project.check("deploy").changed == 0
    status = project.succeed("status", mlflow_server_maintenance_window="sun:01:00")
    assert status.writes == []
    assert changed_lines(status.summary) == [f"~ App {APP} (weekly_maintenance_window_start)"]


CHANGES: list[tuple[dict[str, t.Any], list[str]]] = [
    (
        {
            "mlflow_server_app_account_default": True,
            "mlflow_server_app_default_domain_ids": ["d-abcdefghijkl"],
            "mlflow_server_maintenance_window": "sun:01:00",
        },
        [f"~ App {APP} (account_default, default_domain_ids, weekly_maintenance_window_start)"],
    ),
    (
        {"mlflow_server_automatic_model_registration": False},
        [f"~ role {ROLE} (inline_policies.MLflowBasicAccess)", f"~ App {APP} (automatic_model_registration)"],
    ),
]


@pytest.mark.parametrize(("variables", "expected"), CHANGES, ids=[next(iter(change[0])) for change in CHANGES])
def test_one_variable_changes_just_that(project: Project, variables: dict[str, t.Any], expected: list[str]) -> None:
    project.succeed("deploy")
    preview = project.check("deploy", **variables)
    assert changed_lines(preview.summary) == expected
    deployed = project.succeed("deploy", **variables)
    assert deployed.summary == preview.summary
    assert deployed.changed == preview.changed == 1, "one task converges everything"
    again = project.succeed("deploy", **variables)
    assert (again.changed, again.writes) == (0, [])


def test_what_somebody_else_set_stays_and_goes_only_when_told(project: Project) -> None:
    project.succeed("deploy", mlflow_server_app_account_default=True)
    kept = project.succeed("deploy")
    assert (kept.changed, kept.writes) == (0, [])
    purged = project.succeed("deploy", mlflow_server_purge=True)
    assert changed_lines(purged.summary) == [f"~ App {APP} (account_default)"]
    assert apps(project)[0]["AccountDefaultStatus"] == "DISABLED"


def test_a_default_is_taken_from_another_app_only_when_told(project: Project) -> None:
    studio = make_app(project.region, AccountDefaultStatus="ENABLED")
    refused = project.run("deploy", mlflow_server_app_account_default=True)
    assert refused.code != 0
    assert studio in refused.output
    project.succeed("deploy", mlflow_server_app_account_default=True, mlflow_server_app_move_defaults=True)
    holders = [app["Name"] for app in apps(project) if app["AccountDefaultStatus"] == "ENABLED"]
    assert holders == [APP]


def test_the_key_of_the_artifacts_is_not_the_key_of_the_app(project: Project) -> None:
    kms = project.region.client("kms")
    artifacts, metadata = (kms.create_key()["KeyMetadata"]["Arn"] for _each in range(2))
    project.succeed("deploy", mlflow_server_kms_key_id=artifacts)
    assert "KmsKeyId" not in apps(project)[0]
    refused = project.run("deploy", mlflow_server_app_kms_key_id=metadata)
    assert (refused.code != 0, [call for call in refused.writes if call.startswith("sagemaker:")]) == (True, [])
    assert "kms_key_id" in refused.output
    project.succeed("deploy", mlflow_server_app_kms_key_id=metadata, mlflow_server_name="with-key")
    (app,) = [app for app in apps(project) if app["Name"] == "with-key"]
    assert app["KmsKeyId"] == metadata


def test_what_an_app_does_not_have_is_said_and_not_refused(project: Project) -> None:
    quiet = project.succeed("deploy")
    assert "have no meaning" not in quiet.output
    assert "mlflow_server_version is" not in quiet.output
    project.region.clear_log()
    run = project.succeed(
        "deploy",
        "-e",
        "mlflow_server_verify_bucket_owner=no",
        mlflow_server_size="Medium",
        mlflow_server_version="2.16",
    )
    assert (run.changed, run.writes) == (0, [])
    assert "These variables have no meaning for an App: mlflow_server_size, mlflow_server_verify_bucket_owner." in said(
        run
    )
    version = apps(project)[0]["MlflowVersion"]
    assert f"mlflow_server_version is 2.16, but the App {APP} runs MLflow {version}." in said(run)
    same = project.succeed("deploy", mlflow_server_version=version)
    assert "mlflow_server_version is" not in same.output


def test_it_cannot_be_stopped(project: Project) -> None:
    run = project.run("deploy", mlflow_server_state="stopped", mlflow_server_app_default_domain_ids=["studio"])
    assert (run.code != 0, run.calls) == (True, [])
    assert "an App has no power state" in said(run)
    assert "mlflow_server_app_default_domain_ids is studio" in said(run)


def test_destroy_leaves_nothing(project: Project) -> None:
    project.succeed("deploy")
    refused = project.run("destroy")
    assert (refused.code != 0, refused.writes) == (True, [])
    assert "mlflow_server_protect=false" in said(refused)
    project.region.client("s3").put_object(Bucket=BUCKET, Key="0/run/artifacts/model.bin", Body=b"weights")
    preview = project.check("destroy", mlflow_server_protect=False)
    destroyed = project.succeed("destroy", mlflow_server_protect=False)
    assert destroyed.summary == preview.summary == [f"- App {APP}", f"- role {ROLE}", f"- bucket {BUCKET}"]
    assert apps(project) == []
    assert not list((project.folder / "outputs").iterdir())
    again = project.succeed("destroy", mlflow_server_protect=False)
    assert (again.changed, again.writes) == (0, [])
    assert sagemaker_calls(again) == {"sagemaker:DescribeMlflowTrackingServer": 1, "sagemaker:ListMlflowApps": 1}


def test_the_same_environment_is_made_again_beside_its_tombstone(project: Project) -> None:
    project.succeed("deploy")
    first = project.outputs["mlflow_tracking_uri"]
    project.succeed("destroy", mlflow_server_protect=False)
    project.succeed("deploy")
    assert project.outputs["mlflow_tracking_uri"] != first
    assert [app["Arn"] for app in apps(project)] == [project.outputs["mlflow_tracking_uri"]]


def test_clients_get_the_packages_of_an_app(project: Project) -> None:
    project.succeed("deploy")
    project.succeed("clients")
    lines = (project.folder / "outputs" / "mlflow-test-clients" / "requirements.txt").read_text().splitlines()
    assert "boto3>=1.42.1" in lines
    project.region.client("sagemaker").create_mlflow_app(
        Name=APP, ArtifactStoreUri=f"s3://{BUCKET}", RoleArn=project.outputs["mlflow_role_arn"]
    )
    twice = project.run("clients")
    assert f"There are 2 Apps named {APP}" in said(twice)
