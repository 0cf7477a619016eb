# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bad input fails before the first call and says what is wrong."""

from __future__ import annotations

import os
import subprocess
import typing as t

import pytest
from local_region import ACCOUNT, REPOSITORY
from playbook_run import ANSIBLE_PLAYBOOK

if t.TYPE_CHECKING:
    from pathlib import Path

    from playbook_run import Project

BAD: list[tuple[dict[str, t.Any], str]] = [
    ({"mlflow_server_szie": "Medium"}, "mlflow_server_szie (did you mean mlflow_server_size?)"),
    ({"mlflow_server_bucket_name_suffix": ""}, "mlflow_server_bucket_name_suffix is not set"),
    ({"mlflow_server_create_bucket": False}, "mlflow_server_artifact_store_uri does not say which bucket"),
    (
        {"mlflow_server_artifact_store_uri": "s3://another-bucket/x"},
        "names the bucket another-bucket",
    ),
    (
        {"mlflow_server_create_bucket": False, "mlflow_server_artifact_store_uri": "another-bucket"},
        "must be s3://bucket or s3://bucket/prefix",
    ),
    ({"mlflow_server_size": "Huge"}, "mlflow_server_size must be one of: Small, Medium, Large"),
    ({"mlflow_server_bucket_logging": {"target_prefix": "x"}}, "needs the key target_bucket"),
    ({"mlflow_server_wait_timeout": "soon"}, "mlflow_server_wait_timeout"),
    ({"mlflow_server_bucket_name_suffix": None}, "mlflow_server_bucket_name_suffix"),
    ({"mlflow_server_tags": '{"Team": "vision"}'}, "These variables must be dictionaries: mlflow_server_tags"),
]


@pytest.mark.parametrize(("variables", "words"), BAD, ids=[f"{number}" for number in range(len(BAD))])
def test_bad_input_fails_before_the_first_call(project: Project, variables: dict[str, t.Any], words: str) -> None:
    run = project.run("deploy", **variables)
    assert run.code != 0
    assert words in " ".join(run.output.split())
    assert run.calls == []


FORMS: dict[str, tuple[t.Any, str]] = {
    "mlflow_server_name": ("mlflow_test", "mlflow_server_name is 'mlflow_test'"),
    "mlflow_server_version": ("latest", "mlflow_server_version is 'latest'"),
    "mlflow_server_maintenance_window": ("Tuesday", "mlflow_server_maintenance_window is 'Tuesday'"),
    "mlflow_server_artifact_bucket_owner": ("1234", "mlflow_server_artifact_bucket_owner is '1234'"),
    "mlflow_server_region": ("cn-north-1", "AWS offers no managed MLflow in China"),
    "mlflow_server_wait_timeout": (0, "mlflow_server_wait_timeout is 0"),
    "mlflow_server_wait_delay": (61, "mlflow_server_wait_delay is 61"),
    "mlflow_server_role_propagation_delay": (-1, "mlflow_server_role_propagation_delay is -1"),
    "mlflow_server_bucket_noncurrent_version_expiration_days": (-2, "noncurrent_version_expiration_days is -2"),
    "mlflow_server_bucket_abort_incomplete_multipart_upload_days": (-3, "multipart_upload_days is -3"),
    "mlflow_server_bucket_name_suffix": ("S" * 35, "(64 characters)"),
    "mlflow_server_bucket_restrict_to_account": (False, "mlflow_server_bucket_trusted_account_ids has a meaning only"),
    "mlflow_server_bucket_trusted_account_ids": ([ACCOUNT], "mlflow_server_bucket_restrict_to_account=true"),
}


def test_everything_wrong_is_said_at_once(project: Project) -> None:
    run = project.run("deploy", **{name: value for name, (value, _words) in FORMS.items()})
    said = " ".join(run.output.split())
    assert [words for _value, words in FORMS.values() if words not in said] == []
    assert run.calls == []


def test_a_bucket_of_this_account_has_no_other_owner(project: Project) -> None:
    run = project.run("deploy", mlflow_server_artifact_bucket_owner="210987654321")
    assert "mlflow_server_artifact_bucket_owner is 210987654321" in " ".join(run.output.split())
    assert not [call for call in run.writes if not call.startswith("iam:")]
    project.succeed("deploy", mlflow_server_artifact_bucket_owner=ACCOUNT)


def test_words_for_true_and_false_and_a_number_for_a_name(project: Project) -> None:
    """What C(-e name=value) and an inventory in INI give is text; what YAML gives for digits is a number."""
    project.succeed(
        "deploy",
        "-e",
        "mlflow_server_bucket_versioning=false mlflow_server_automatic_model_registration=no mlflow_server_purge=no",
        mlflow_server_bucket_name_suffix=20261123,
    )
    bucket = "mlflow-test-mlflow-artifacts-20261123"
    assert project.outputs["artifacts_bucket_name"] == bucket
    assert project.region.client("s3").get_bucket_versioning(Bucket=bucket)["Status"] == "Suspended"
    buckets = len(project.region.client("s3").list_buckets()["Buckets"])
    project.succeed(
        "deploy", "-e", "mlflow_server_create_bucket=false", mlflow_server_artifact_store_uri=f"s3://{bucket}/team"
    )
    assert len(project.region.client("s3").list_buckets()["Buckets"]) == buckets


def test_no_credentials_is_one_readable_message(tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    environment |= {"HOME": str(tmp_path), "PWD": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}
    inventory = REPOSITORY / "inventories" / "staging"
    playbook = REPOSITORY / "playbooks" / "deploy.yml"
    command = [str(ANSIBLE_PLAYBOOK), "-i", str(inventory), str(playbook)]
    run = subprocess.run(
        command, env=environment, cwd=tmp_path, text=True, capture_output=True, timeout=60, check=False
    )
    assert run.returncode != 0
    assert "Sign in first: set AWS_PROFILE" in " ".join(run.stdout.split())
    assert "Traceback" not in run.stdout + run.stderr
    assert run.stdout.count("fatal:") == 1
