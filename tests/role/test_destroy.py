# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Destroy an environment, and be kept from it."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from playbook_run import Project

BUCKET = "mlflow-test-mlflow-artifacts-suite"


def put_artifact(project: Project) -> None:
    project.region.client("s3").put_object(Bucket=BUCKET, Key="0/run/artifacts/model.bin", Body=b"weights")


def test_a_protected_environment_stays_whole(project: Project) -> None:
    project.succeed("deploy")
    refused = project.run("destroy")
    assert refused.code != 0
    assert refused.writes == []
    assert "mlflow_server_protect" in refused.output
    again = project.succeed("deploy")
    assert (again.changed, again.writes) == (0, [])


def test_destroy_goes_in_order_and_leaves_nothing(project: Project) -> None:
    project.succeed("deploy")
    put_artifact(project)
    preview = project.check("destroy", mlflow_server_protect=False)
    destroyed = project.succeed("destroy", mlflow_server_protect=False)
    assert destroyed.summary == preview.summary
    assert [line.split()[:2] for line in destroyed.summary] == [["-", "tracking"], ["-", "role"], ["-", "bucket"]]
    order = [
        call
        for call in destroyed.writes
        if call.split(":")[1] in ("DeleteMlflowTrackingServer", "DeleteRole", "DeleteBucket")
    ]
    assert order == ["sagemaker:DeleteMlflowTrackingServer", "iam:DeleteRole", "s3:DeleteBucket"]
    assert project.region.client("s3").list_buckets()["Buckets"] == []
    assert not list((project.folder / "outputs").iterdir())
    again = project.succeed("destroy", mlflow_server_protect=False)
    assert (again.changed, again.writes) == (0, [])


def test_the_documented_command_line(project: Project) -> None:
    """C(-e name=value) gives text, and the text "false" is no true."""
    project.succeed("deploy")
    put_artifact(project)
    kept = project.succeed("destroy", "-e", "mlflow_server_protect=false mlflow_server_keep_bucket=true")
    assert [line.split()[:2] for line in kept.summary] == [["-", "tracking"], ["-", "role"]]
    project.succeed("deploy")
    project.succeed("destroy", "-e", "mlflow_server_protect=false", "-e", "mlflow_server_keep_bucket=no")
    assert project.region.client("s3").list_buckets()["Buckets"] == []


def test_a_bucket_that_was_there_is_not_emptied_beyond_the_prefix(project: Project) -> None:
    s3 = project.region.client("s3")
    s3.create_bucket(Bucket="company-data")
    s3.put_object(Bucket="company-data", Key="payroll/2026.csv", Body=b"secret")
    store = {"mlflow_server_bucket_name_suffix": "", "mlflow_server_artifact_store_uri": "s3://company-data/mlflow"}
    project.succeed("deploy", **store)
    refused = project.run("destroy", mlflow_server_protect=False, **store)
    assert (refused.code != 0, refused.writes) == (True, [])
    assert "mlflow_server_keep_bucket=true" in " ".join(refused.output.split())
    project.succeed("destroy", mlflow_server_protect=False, mlflow_server_keep_bucket=True, **store)
    assert s3.get_object(Bucket="company-data", Key="payroll/2026.csv")["Body"].read() == b"secret"


def test_the_bucket_can_be_kept(project: Project) -> None:
    project.succeed("deploy")
    put_artifact(project)
    project.succeed("destroy", mlflow_server_protect=False, mlflow_server_keep_bucket=True)
    objects = project.region.client("s3").list_objects_v2(Bucket=BUCKET)
    assert [item["Key"] for item in objects["Contents"]] == ["0/run/artifacts/model.bin"]


def test_what_was_never_there_is_no_failure(project: Project) -> None:
    destroyed = project.succeed("destroy")
    assert (destroyed.changed, destroyed.writes) == (0, [])
