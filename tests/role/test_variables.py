# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bad input fails before the first call and says what is wrong."""

from __future__ import annotations

import os
import subprocess
import typing as t

import pytest
from local_region import REPOSITORY
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
]


@pytest.mark.parametrize(("variables", "words"), BAD, ids=[next(iter(case[0])) for case in BAD])
def test_bad_input_fails_before_the_first_call(project: Project, variables: dict[str, t.Any], words: str) -> None:
    run = project.run("deploy", **variables)
    assert run.code != 0
    assert words in " ".join(run.output.split())
    assert run.calls == []


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
