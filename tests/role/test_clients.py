# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The set-up that people are handed: written once, previewed, removed with the environment."""

from __future__ import annotations

import typing as t

import pytest

if t.TYPE_CHECKING:
    from pathlib import Path

    from playbook_run import Project

SERVER = "mlflow-test-mlflow"
FILES = {
    "mlflow.env",
    "mlflow.sh",
    "quickstart.ipynb",
    "quickstart.py",
    "requirements.txt",
    "train.py",
    "training_job.json",
}


def folder(project: Project) -> Path:
    return project.folder / "outputs" / "mlflow-test-clients"


def read(project: Project) -> dict[str, tuple[bytes, int, int]]:
    """Content, mode and time of every file."""
    return {
        path.name: (path.read_bytes(), path.stat().st_mode & 0o777, path.stat().st_mtime_ns)
        for path in folder(project).iterdir()
    }


def test_it_is_written_once_and_printed_each_time(project: Project) -> None:
    project.succeed("deploy")
    preview = project.check("clients")
    assert not folder(project).exists(), "check mode wrote"
    written = project.succeed("clients")
    assert (written.changed, written.writes) == (preview.changed, []) == (1, [])
    assert written.calls == ["sagemaker:DescribeMlflowTrackingServer"]
    files = read(project)
    assert files.keys() == FILES
    assert {mode for _content, mode, _time in files.values()} == {0o644}
    arn = project.outputs["mlflow_tracking_uri"]
    assert [name for name, (content, *_rest) in files.items() if arn.encode() not in content] == [
        name for name in files if name in ("requirements.txt", "train.py")
    ]
    again = project.succeed("clients")
    assert again.changed == 0
    assert read(project) == files, "a file was written anew"
    for run in (preview, written, again):
        assert f'mlflow.set_tracking_uri("{arn}")' in run.output
        assert "mlflow==3.0.0" in run.output


def test_what_somebody_changed_is_put_right(project: Project) -> None:
    project.succeed("deploy")
    project.succeed("clients")
    files = read(project)
    (folder(project) / "requirements.txt").write_text("mlflow\n")
    (folder(project) / "notes.txt").write_text("mine\n")
    preview = project.check("clients")
    assert "-mlflow\n" in preview.output
    repaired = project.succeed("clients")
    assert repaired.changed == preview.changed == 1
    (folder(project) / "notes.txt").unlink()
    assert {name: content for name, (content, *_rest) in read(project).items()} == {
        name: content for name, (content, *_rest) in files.items()
    }


@pytest.mark.parametrize("version", ["2.13", "2.16"])
def test_the_version_decides_the_packages(project: Project, version: str) -> None:
    project.succeed("deploy", mlflow_server_version=version)
    project.succeed("clients", mlflow_server_version=version)
    lines = (folder(project) / "requirements.txt").read_text().splitlines()
    assert f"mlflow=={version}.2" in lines


def test_credentials_of_the_deployment_are_in_no_file_and_addresses_are(project: Project) -> None:
    project.succeed("deploy")
    run = project.succeed("clients", "-vvv", "--diff", mlflow_server_environment_variables=project.region.environment)
    everything = b"".join(content for content, *_rest in read(project).values()).decode()
    assert project.region.endpoint in everything
    secret = project.region.environment["AWS_SECRET_ACCESS_KEY"]
    assert secret not in everything
    shown = run.output[run.output.index("set-up for its clients") :]
    assert secret not in shown.partition("PLAY RECAP")[0]


def test_without_a_deployment_there_is_nothing_to_hand_over(project: Project) -> None:
    run = project.run("clients")
    assert run.code != 0
    assert f"The tracking server {SERVER} is absent. Deploy it with playbooks/deploy.yml" in " ".join(
        run.output.split()
    )
    assert not folder(project).exists()


def test_it_goes_with_the_environment(project: Project) -> None:
    project.succeed("deploy")
    project.succeed("clients")
    project.check("destroy", mlflow_server_protect=False)
    assert read(project).keys() == FILES
    project.succeed("destroy", mlflow_server_protect=False)
    assert list((project.folder / "outputs").iterdir()) == []


def test_what_else_is_in_the_folder_stays(project: Project) -> None:
    project.succeed("deploy")
    project.succeed("clients")
    (folder(project) / "notes.txt").write_text("mine\n")
    project.succeed("destroy", mlflow_server_protect=False)
    assert [path.name for path in folder(project).iterdir()] == ["notes.txt"]
