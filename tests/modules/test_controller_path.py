# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module inside the controller has the result that it has in a process of its own, to the last key."""

from __future__ import annotations

import copy
import os
import typing as t
from datetime import date

import ansible_run
import module_run
import pytest
from local_region import ACCOUNT, REGION, REPOSITORY

from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils import _controller_module as controller
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._plain import plain

if t.TYPE_CHECKING:
    from pathlib import Path

    from local_region import LocalRegion

    Json = dict[str, t.Any]

URI = "s3://artifacts"
ROLE: Json = {"name": "churn-role", "artifact_store_uri": URI, "propagation_delay": 0, "tags": {"Team": "a"}}
BUCKET: Json = {"name": "churn-artifacts", "tags": {"Team": "a"}}
SERVER: Json = {
    "name": "churn",
    "artifact_store_uri": URI,
    "role_arn": f"arn:aws:iam::{ACCOUNT}:role/churn-role",
    "wait_delay": 0.05,
}
APP: Json = {**SERVER, "name": "churn-app"}


@pytest.fixture
def ways(region: LocalRegion) -> tuple[module_run.Modules, module_run.Modules]:
    """A process of its own, and the controller."""
    return module_run.Modules(region, in_controller=False), module_run.Modules(region, in_controller=True)


def result_of(modules: module_run.Modules, module: str, check: bool, arguments: Json) -> Json:
    """The result, also of a failure."""
    try:
        return modules.run(module, check=check, **copy.deepcopy(arguments)).result
    except module_run.ModuleFailedError as failure:
        return failure.result


CASES: dict[str, tuple[str, Json]] = {
    "role that is there": ("iam_mlflow_role", ROLE),
    "role to change": ("iam_mlflow_role", {**ROLE, "tags": {"Team": "b"}, "path": "/"}),
    "bucket that is there": ("s3_mlflow_bucket", BUCKET),
    "bucket with a warning": ("s3_mlflow_bucket", {"name": "with.dots"}),
    "server that is there": ("sagemaker_mlflow_server", SERVER),
    "App to create": ("sagemaker_mlflow_app", APP),
    "power to create": ("scheduler_mlflow_power", {"name": "churn", "stop": {"days": ["Fri"], "time": "19:00"}}),
    "servers": ("sagemaker_mlflow_server_info", {}),
    "Apps": ("sagemaker_mlflow_app_info", {"name": "none"}),
    "link": ("sagemaker_mlflow_presigned_url", {"name": "churn"}),
    "environment": (
        "mlflow_environment",
        {
            "role": ROLE,
            "bucket": BUCKET,
            "tracking_server": {key: value for key, value in SERVER.items() if key != "role_arn"},
        },
    ),
    "refused by the plan": ("sagemaker_mlflow_server", {**SERVER, "role_arn": f"arn:aws:iam::{ACCOUNT}:role/other"}),
    "refused before a call": ("s3_mlflow_bucket", {"name": "A"}),
    "an option that is none": ("s3_mlflow_bucket", {**BUCKET, "colour": "red"}),
    "a part's option that is none": ("mlflow_environment", {"bucket": {**BUCKET, "state": "absent"}}),
    "an option that is missing": ("iam_mlflow_role", {"name": "churn-role"}),
    "an option and its alias": (
        "sagemaker_mlflow_server",
        {**SERVER, "size": "Small", "tracking_server_size": "Small"},
    ),
    "options that exclude each other": ("mlflow_environment", {"tracking_server": SERVER, "app": APP}),
    "a value of the wrong type": ("iam_mlflow_role", {**ROLE, "max_session_duration": "long"}),
    "text for other types": ("s3_mlflow_bucket", {**BUCKET, "purge_tags": "yes", "tags": '{"Team": "a"}'}),
    "a secret in a name": (
        "s3_mlflow_bucket",
        {"name": "churn-artifacts", "access_key": "AKIAIOSFODNN7EXAMPLE", "secret_key": "churn-artifacts"},
    ),
    "a profile that does not exist": (
        "sagemaker_mlflow_server_info",
        {"profile": "nobody", "access_key": "", "secret_key": ""},
    ),
}


@pytest.fixture
def deployed(region: LocalRegion) -> None:
    """A role, a bucket, and a server."""
    modules = module_run.Modules(region)
    region.client("s3").create_bucket(Bucket="artifacts")
    modules.run("iam_mlflow_role", **ROLE)
    modules.run("s3_mlflow_bucket", **BUCKET)
    modules.run("sagemaker_mlflow_server", **SERVER)


def _text(warning: t.Any) -> str:
    return warning if isinstance(warning, str) else str(warning["event"]["msg"])


@pytest.mark.usefixtures("deployed")
def test_every_case(ways: tuple[module_run.Modules, module_run.Modules]) -> None:
    """In check mode, so that both see the same."""
    process, inside = ways
    for title, (module, arguments) in CASES.items():
        expected = result_of(process, module, True, arguments)
        found = result_of(inside, module, True, arguments)
        # Newer cores wrap a warning on its way to the controller, and unwrap it there.
        expected["warnings"] = [_text(each) for each in expected.get("warnings", [])]
        found.setdefault("warnings", [])
        assert found == expected, title


@pytest.mark.parametrize("in_controller", [False, True])
def test_a_real_run_creates_changes_and_rests(region: LocalRegion, in_controller: bool) -> None:
    modules = module_run.Modules(region, in_controller)
    assert modules.converge("s3_mlflow_bucket", **BUCKET).result["action"] == "create"
    assert modules.converge("s3_mlflow_bucket", **{**BUCKET, "versioning": "Suspended"}).names == ["versioning"]


def invocation(region: LocalRegion, arguments: Json, **more: t.Any) -> controller.Invocation:
    """Of the module about servers."""
    settings: Json = {"environment": region.environment, "check_mode": False, "diff": True, **more}
    return controller.Invocation("sagemaker_mlflow_server_info", "servers", arguments, **settings)


def test_the_environment_is_that_of_the_task_and_only_for_the_task(region: LocalRegion) -> None:
    before = dict(os.environ)
    answer = controller.run(invocation(region, {}, environment={**region.environment, "AWS_REGION": "eu-west-1"}))
    assert answer["invocation"]["module_args"]["region"] == "eu-west-1"
    assert dict(os.environ) == before
    assert REGION != "eu-west-1"


def test_keys_are_masked(region: LocalRegion) -> None:
    answer = controller.run(invocation(region, {}))
    assert region.environment["AWS_SECRET_ACCESS_KEY"] not in str(answer)
    assert answer["invocation"]["module_args"]["secret_key"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


def test_values_are_those_that_json_carries() -> None:
    class Marked(str):
        """As ansible-core marks text with where it came from."""

    value = {Marked("key"): [Marked("text"), 1, 1.5, True, None, date(2026, 1, 2), ("a",), b"bytes"], 1: {}}
    found = plain(value)
    assert found == {"key": ["text", 1, 1.5, True, None, "2026-01-02", ["a"], "bytes"], "1": {}}
    assert found["key"][0].__class__ is str


PLAY = """
- hosts: all
  gather_facts: false
  connection: local
  environment: {AWS_REGION: "{{ 'eu-west-1' }}", AWS_DEFAULT_REGION: eu-west-1}
  tasks:
    - name: Inside the controller
      mlops.sagemaker_mlflow.mlflow_environment: &wish
        bucket: {name: churn.artifacts, tags: {Count: 1}}
        role: {name: churn-role, artifact_store_uri: s3://churn.artifacts, path: /}
      check_mode: true
      register: inside
    - name: In a process of its own
      mlops.sagemaker_mlflow.mlflow_environment: *wish
      check_mode: true
      register: process
      vars:
        # The same program by another name, of which nothing can be known before.
        ansible_python_interpreter: "{{ ansible_playbook_python | dirname }}/./../bin/{{ ansible_playbook_python | basename }}"
    - ansible.builtin.assert:
        that: [inside == process, inside.warnings | length == 1, "'eu-west-1' in inside | string"]
"""


def test_a_playbook_sees_no_difference(region: LocalRegion, tmp_path: Path) -> None:
    (tmp_path / "play.yml").write_text(PLAY)
    (tmp_path / "hosts").write_text("web ansible_python_interpreter='{{ ansible_playbook_python }}'\n")
    done = ansible_run.run(region, tmp_path, "ansible-playbook", "-vvv", "-i", "hosts", "play.yml")
    assert done.code == 0, done.output
    assert done.output.count("Using module file") == 1, "one of them made a process"
    assert done.calls.count("iam:GetRole") == 2


DEPLOYMENT = """
mlflow_servers:
  hosts: {%s}
  vars:
    ansible_connection: local
    ansible_python_interpreter: "{{ ansible_playbook_python | dirname }}/%s{{ ansible_playbook_python | basename }}"
    mlflow_server_environment: "{{ inventory_hostname }}"
    mlflow_server_bucket_name_suffix: tried
    mlflow_server_region: us-east-1
"""


@pytest.mark.parametrize(
    ("hosts", "way", "is_loaded"),
    [("a", "", False), ("a, b, c, d", "", True), ("a, b, c, d", "./../bin/", False)],
    ids=["one worker loads", "another one would have to", "elsewhere"],
)
def test_the_main_process_loads_when_one_worker_after_the_other_would_have_to(
    region: LocalRegion, tmp_path: Path, hosts: str, way: str, is_loaded: bool
) -> None:
    """Python tells each import of Ansible's main process on standard error, which its workers and modules do not have."""
    (tmp_path / "inventory.yml").write_text(DEPLOYMENT % (hosts, way))
    deploy = str(REPOSITORY / "playbooks" / "deploy.yml")
    arguments = ("--check", "--forks", "1", "-i", "inventory.yml", deploy)
    done = ansible_run.run(region, tmp_path, "ansible-playbook", *arguments, PYTHONPROFILEIMPORTTIME="1")
    assert done.code == 0, done.output
    assert done.calls.count("iam:GetRole") == len(hosts.split(","))
    assert ("botocore.session" in done.errors) == is_loaded
