# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection as Galaxy hands it out: built, installed, used from an empty folder by its full name."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tarfile
import typing as t

import pytest
from local_region import REPOSITORY
from playbook_run import ANSIBLE_PLAYBOOK

if t.TYPE_CHECKING:
    from collections.abc import Mapping
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


OWN_TASKS = """\
- name: Modules of two collections
  hosts: localhost
  connection: local
  gather_facts: false
  module_defaults:
    group/mlops.sagemaker_mlflow.mlflow:
      region: eu-west-1
  tasks:
    - name: Ours
      mlops.sagemaker_mlflow.s3_mlflow_bucket:
        name: made-by-ours
    - name: The one of amazon.aws
      amazon.aws.s3_bucket:
        name: made-by-amazon-aws
"""
GALAXY = str(ANSIBLE_PLAYBOOK.with_name("ansible-galaxy"))
NEEDED = ("meta", "playbooks", "plugins", "roles")
"""All that an installed collection may use."""
GONE_SINCE = "plugins/module_utils/_gone_since.py"


def run(folder: Path, environment: Mapping[str, str], *command: str) -> str:
    """What a command prints in a folder of somebody who has nothing but these collections."""
    environment = {**os.environ, "PWD": str(folder), "ANSIBLE_COLLECTIONS_PATH": str(folder), **environment}
    done = subprocess.run(
        command, cwd=folder, env=environment, text=True, capture_output=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def built(source: Path, folder: Path) -> Path:
    """The tarball of a tree."""
    run(folder, {}, GALAXY, "collection", "build", "--output-path", str(folder), str(source))
    return next(folder.glob("*.tar.gz"))


def install(folder: Path, tarball: Path, *options: str) -> None:
    """As whoever has the tarball and no network; amazon.aws comes with Ansible."""
    run(
        folder, {}, GALAXY, "collection", "install", "--offline", "--no-deps", "-p", str(folder), *options, str(tarball)
    )


@pytest.fixture(scope="module")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What C(make build) makes."""
    return built(REPOSITORY, tmp_path_factory.mktemp("build"))


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A version before, with a file that went away since."""
    source = tmp_path_factory.mktemp("source")
    for name in NEEDED:
        shutil.copytree(REPOSITORY / name, source / name, ignore=shutil.ignore_patterns("collections", "__pycache__"))
    shutil.copy(REPOSITORY / "README.md", source)
    metadata = (REPOSITORY / "galaxy.yml").read_text()
    (source / "galaxy.yml").write_text(re.sub(r"(?m)^version: .*", "version: 0.0.1", metadata))
    (source / GONE_SINCE).write_text("# of an older version\n")
    return built(source, tmp_path_factory.mktemp("older"))


@pytest.fixture
def installed(tarball: Path, tmp_path: Path) -> Path:
    """A folder in which the collection is installed, with nothing that it may not use."""
    install(tmp_path, tarball)
    collection = tmp_path / "ansible_collections" / "mlops" / "sagemaker_mlflow"
    for path in collection.iterdir():
        if path.is_file():
            path.unlink()
        elif path.name not in NEEDED:
            shutil.rmtree(path)
    return tmp_path


def test_nothing_of_the_workshop_is_shipped(tarball: Path) -> None:
    with tarfile.open(tarball) as archive:
        names = [member.name for member in archive if member.isfile()]
    top = {name.split("/")[0] for name in names}
    assert {*NEEDED, "README.md", "CHANGELOG.md", "LICENSE", "docs", "changelogs"} <= top
    assert [name for name in names if name.startswith(("tests/", "playbooks/collections", "docs/site"))] == [
        "tests/config.yml"
    ]
    workshop = {"Makefile", "benchmarks", "build", "extensions", "inventories", "outputs", "requirements"}
    assert not top & workshop
    assert [name for name in top if name.startswith(".")] == []


def test_it_deploys_from_an_empty_folder_by_its_full_name(installed: Path, region: LocalRegion) -> None:
    (installed / "inventory.yml").write_text(INVENTORY)
    deploy = [str(ANSIBLE_PLAYBOOK), "-i", "inventory.yml", "mlops.sagemaker_mlflow.deploy"]
    assert "Done: 3 created" in run(installed, region.environment, *deploy)
    assert (installed / "outputs" / "mlflow-galaxy.json").exists()


def test_one_action_group_sets_defaults_of_our_modules_and_of_amazon_aws(installed: Path, region: LocalRegion) -> None:
    (installed / "own.yml").write_text(OWN_TASKS)
    run(installed, region.environment, str(ANSIBLE_PLAYBOOK), "own.yml")
    s3 = region.client("s3")
    for bucket in ("made-by-ours", "made-by-amazon-aws"):
        assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == "eu-west-1"


def test_an_upgrade_leaves_nothing_of_the_older_version(older: Path, tarball: Path, tmp_path: Path) -> None:
    verify = [GALAXY, "collection", "verify", "--offline", "mlops.sagemaker_mlflow"]
    collection = tmp_path / "ansible_collections" / "mlops" / "sagemaker_mlflow"
    install(tmp_path, older)
    assert "mlops.sagemaker_mlflow:0.0.1" in run(tmp_path, {}, *verify)
    assert (collection / GONE_SINCE).exists()
    install(tmp_path, tarball, "--upgrade")
    present = tarball.name.removeprefix("mlops-sagemaker_mlflow-").removesuffix(".tar.gz")
    assert f"mlops.sagemaker_mlflow:{present}" in run(tmp_path, {}, *verify)
    assert not (collection / GONE_SINCE).exists()
    with (collection / "plugins" / "module_utils" / "_plan.py").open("a") as file:
        file.write("# edited\n")
    with pytest.raises(AssertionError, match=r"_plan\.py"):
        run(tmp_path, {}, *verify)
