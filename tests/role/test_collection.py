# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection as Galaxy hands it out: built, installed, used from an empty folder by its full name."""

from __future__ import annotations

import os
import subprocess
import tarfile
import typing as t

import pytest
from local_region import REPOSITORY
from playbook_run import ANSIBLE_PLAYBOOK

if t.TYPE_CHECKING:
    from pathlib import Path

    from local_region import LocalRegion

INVENTORY = """\
mlflow_servers:
  hosts:
    mlflow-galaxy:
  vars:
    ansible_connection: local
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
    mlflow_server_bucket_name_suffix: galaxy
    mlflow_server_region: us-east-1
    mlflow_server_wait_delay: 1
    mlflow_server_role_propagation_delay: 0
"""


@pytest.fixture(scope="module")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("build")
    galaxy = ANSIBLE_PLAYBOOK.with_name("ansible-galaxy")
    subprocess.run(
        [str(galaxy), "collection", "build", "--output-path", str(folder), str(REPOSITORY)], check=True, timeout=120
    )
    return next(folder.glob("*.tar.gz"))


def test_nothing_of_the_workshop_is_shipped(tarball: Path) -> None:
    with tarfile.open(tarball) as archive:
        top = {name.split("/")[0] for name in archive.getnames()}
        assert not [name for name in archive.getnames() if name.startswith("playbooks/collections")]
    assert {"plugins", "roles", "playbooks", "meta", "README.md", "LICENSE"} <= top
    assert not top & {"inventories", ".venv", ".git", ".ci", "outputs", "build", ".local_aws"}


def test_it_deploys_from_an_empty_folder_by_its_full_name(tarball: Path, tmp_path: Path, region: LocalRegion) -> None:
    collections = tmp_path / "collections"
    galaxy = ANSIBLE_PLAYBOOK.with_name("ansible-galaxy")
    install = [str(galaxy), "collection", "install", "--offline", "--no-deps", "-p", str(collections), str(tarball)]
    subprocess.run(install, check=True, timeout=120)
    (tmp_path / "inventory.yml").write_text(INVENTORY)
    environment = {
        **os.environ,
        **region.environment,
        "PWD": str(tmp_path),
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
    }
    command = [str(ANSIBLE_PLAYBOOK), "-i", "inventory.yml", "mlops.sagemaker_mlflow.deploy"]
    run = subprocess.run(
        command, cwd=tmp_path, env=environment, text=True, capture_output=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Done: 3 created" in run.stdout
    assert (tmp_path / "outputs" / "mlflow-galaxy.json").exists()
