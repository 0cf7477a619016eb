# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts of one run share what runs their modules, and nothing else: variables, credentials, failures, results are each one's own."""

from __future__ import annotations

import json
import typing as t

import pytest
from local_region import REPOSITORY

if t.TYPE_CHECKING:
    from playbook_run import PlaybookRun, Project

FINE = ("churn", "fraud", "price")
AWAY = "eu-west-1"


@pytest.fixture
def hosts(project: Project) -> Project:
    """Three that are fine, of which one is in another Region by its environment, and two that fail, each in its own way."""
    project.hosts = {name: {"mlflow_server_project_name": name} for name in (*FINE, "refused", "misspelt")}
    del project.variables["mlflow_server_region"]
    project.variables["mlflow_server_environment_variables"] = {"AWS_REGION": "us-east-1"}
    project.hosts["price"]["mlflow_server_environment_variables"] = {"AWS_REGION": AWAY}
    project.hosts["refused"]["mlflow_server_kms_key_id"] = "alias/nobody-made-it"
    project.hosts["misspelt"]["mlflow_server_sizes"] = "Small"
    return project


def told(run: PlaybookRun, host: str) -> str:
    """The line of a host in the recap."""
    (line,) = [
        " ".join(line.split()) for line in run.output.splitlines() if line.startswith(f"{host} ") and "ok=" in line
    ]
    return line


def test_each_has_its_own_result(hosts: Project) -> None:
    checked = hosts.run("deploy", "--check", "--diff")
    assert checked.writes == []
    deployed = hosts.run("deploy")
    for run in (checked, deployed):
        assert run.code == 2, run.output
        assert ["changed=1" in told(run, name) for name in FINE] == [True] * len(FINE), run.output
        assert ["failed=1" in told(run, name) for name in ("refused", "misspelt")] == [True] * 2, run.output
        assert run.output.count("mlflow_server_sizes (did you mean mlflow_server_size?)") >= 1
    assert deployed.output.count("Done: 3 created, 0 changed, 0 deleted, 0 unchanged.") == len(FINE)
    outputs = {path.stem: json.loads(path.read_text()) for path in (hosts.folder / "outputs").glob("*.json")}
    assert {name: each["region"] for name, each in outputs.items()} == {
        "churn": "us-east-1",
        "fraud": "us-east-1",
        "price": AWAY,
    }
    assert [outputs[name]["tracking_server_name"] for name in FINE] == [f"{name}-test-mlflow" for name in FINE]
    hosts.hosts = {name: hosts.hosts[name] for name in FINE}
    again = hosts.succeed("deploy")
    assert (again.changed, again.writes) == (0, [])


BATCHES = """
- hosts: mlflow_servers
  gather_facts: false
  serial: 2
  tasks:
    - ansible.builtin.import_role:
        name: mlops.sagemaker_mlflow.mlflow_server
    - ansible.builtin.assert:
        that: mlflow_server_outputs.tracking_server_name == inventory_hostname ~ '-test-mlflow'
        success_msg: the outputs of a host are its own
"""


@pytest.mark.parametrize("strategy", ["linear", "free"])
def test_some_of_them_at_a_time(project: Project, strategy: str) -> None:
    """Batches of two, of which the last has one host, with fewer workers than hosts."""
    project.hosts = {name: {"mlflow_server_project_name": name} for name in FINE}
    project.settings["ANSIBLE_STRATEGY"] = strategy
    project.settings["ANSIBLE_COLLECTIONS_PATH"] = str(REPOSITORY / "playbooks" / "collections")
    (project.folder / "batches.yml").write_text(BATCHES)
    run = project.succeed(str(project.folder / "batches"), "--forks", "2")
    assert run.output.count("Done: 3 created, 0 changed, 0 deleted, 0 unchanged.") == len(FINE)
    assert run.output.count("the outputs of a host are its own") == len(FINE)
