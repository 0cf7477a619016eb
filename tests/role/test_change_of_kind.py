# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Another kind for an environment that exists: nothing is deleted, and everything that stays is named."""

from __future__ import annotations

import typing as t

import pytest
from role.test_app import apps, said
from role.test_deploy import BUCKET, ROLE, SERVER

if t.TYPE_CHECKING:
    from playbook_run import Project

KINDS = ["tracking_server", "app"]
NOUNS = {"tracking_server": "tracking server", "app": "App"}
OTHER = {"tracking_server": "app", "app": "tracking_server"}
LOOK = {"tracking_server": "sagemaker:ListMlflowApps", "app": "sagemaker:DescribeMlflowTrackingServer"}


def servers(project: Project) -> list[str]:
    found = project.region.client("sagemaker").list_mlflow_tracking_servers()["TrackingServerSummaries"]
    return [server["TrackingServerArn"] for server in found]


def deploy(project: Project, kind: str) -> str:
    project.succeed("deploy", mlflow_server_kind=kind)
    return str(project.outputs["mlflow_tracking_uri"])


@pytest.mark.parametrize("kind", KINDS)
def test_there_and_back_again(project: Project, kind: str) -> None:
    old = deploy(project, OTHER[kind])
    preview = project.check("deploy", mlflow_server_kind=kind)
    switched = project.succeed("deploy", mlflow_server_kind=kind)
    new = project.outputs["mlflow_tracking_uri"]
    assert switched.summary == preview.summary
    assert [line for line in switched.summary if line[0] in "+~-"] == [f"+ {NOUNS[kind]} {SERVER}"]
    assert {*servers(project), *(app["Arn"] for app in apps(project))} == {old, new}
    for run in (preview, switched):
        assert f"Beside the {NOUNS[kind]} {SERVER} there is the {NOUNS[OTHER[kind]]} of that name ({old})" in said(run)
    again = project.succeed("deploy", mlflow_server_kind=kind)
    assert (again.changed, again.writes) == (0, [])
    # A server goes on costing money, so every run names it; an App is named once, and costs no call afterwards.
    assert (old in again.output, again.calls.count(LOOK[kind])) == ((True, 1) if kind == "app" else (False, 0))

    removed = project.succeed("destroy", mlflow_server_kind=OTHER[kind], mlflow_server_protect=False)
    assert removed.summary == [f"- {NOUNS[OTHER[kind]]} {SERVER}"]
    assert f"The {NOUNS[kind]} {SERVER} ({new}) stays, and with it the role {ROLE} and the bucket {BUCKET}" in said(
        removed
    )
    assert {*servers(project), *(app["Arn"] for app in apps(project))} == {new}
    assert project.outputs["mlflow_tracking_uri"] == new, "the outputs of what stays"
    kept = project.succeed("deploy", mlflow_server_kind=kind)
    assert (kept.changed, kept.writes) == (0, [])

    project.succeed("destroy", mlflow_server_kind=kind, mlflow_server_protect=False)
    assert project.region.client("s3").list_buckets()["Buckets"] == []
    assert project.region.client("iam").list_roles()["Roles"] == []
    assert not list((project.folder / "outputs").iterdir())


def test_what_does_not_use_role_and_bucket_does_not_keep_them(project: Project) -> None:
    others = {"mlflow_server_role_name": "another-role", "mlflow_server_bucket_name_suffix": "another"}
    server = project.succeed("deploy", **others)
    assert server.changed == 1
    deploy(project, "app")
    destroyed = project.succeed("destroy", mlflow_server_kind="app", mlflow_server_protect=False)
    assert [line.split()[1] for line in destroyed.summary] == ["App", "role", "bucket"]
    assert f"The tracking server {SERVER} ({servers(project)[0]}) stays. To delete it" in said(destroyed)


def test_a_refused_look_stops_a_destruction_and_no_deployment(project: Project) -> None:
    denied = {"service": "sagemaker", "code": "AccessDeniedException", "message": "not authorized", "status": 400}
    project.region.inject({**denied, "operation": "DescribeMlflowTrackingServer", "times": 1})
    deployed = project.succeed("deploy", mlflow_server_kind="app")
    assert f"It is not known whether {SERVER} exists as tracking server as well as App" in said(deployed)
    project.region.inject({**denied, "operation": "DescribeMlflowTrackingServer", "times": 1})
    refused = project.run("destroy", mlflow_server_kind="app", mlflow_server_protect=False)
    assert (refused.code != 0, refused.writes) == (True, [])
    assert "not authorized" in refused.output


def test_a_protected_environment_stays_whole(project: Project) -> None:
    deploy(project, "tracking_server")
    deploy(project, "app")
    for kind in KINDS:
        refused = project.run("destroy", mlflow_server_kind=kind)
        assert (refused.code != 0, refused.writes) == (True, [])
        assert "mlflow_server_protect=false" in said(refused)
