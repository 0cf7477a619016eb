# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a module runs: inside the controller only when it would run on this machine, in this Python, while we wait."""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path
from types import SimpleNamespace

import ansible.template
import pytest
from ansible import constants
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _aws
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils import (
    _aws_action,
    _controller_module,
    _warm_up,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._aws_action import AwsAction
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._where_modules_run import leave_word, loading_pays

if t.TYPE_CHECKING:
    from collections.abc import Iterator

trusted: t.Callable[[str], str] = getattr(ansible.template, "trust_as_template", str)
"""Newer cores evaluate only text that comes from the user's own files."""
HERE = {"ansible_python_interpreter": sys.executable}


class Action(AwsAction):
    """An action whose ways are only named."""

    def _execute_module(self, **how: t.Any) -> dict[str, t.Any]:
        return {"ran": "module", "in_background": how["wrap_async"]}

    def _remove_tmp_path(self, path: str) -> None:
        """Nothing was made."""


def action(variables: dict[str, t.Any] | None = None, become: object = None, **task: t.Any) -> Action:
    """For a task on a local connection."""
    settings: dict[str, t.Any] = {"async_val": 0, "delegate_to": None, "environment": None, "action": "x", "args": {}}
    connection = SimpleNamespace(
        transport=task.pop("transport", "local"),
        become=become,
        has_native_async=False,
        _shell=SimpleNamespace(tmpdir=None),
    )
    given = SimpleNamespace(**{**settings, "check_mode": False, "diff": False, **task})
    loader = DataLoader()
    return Action(given, connection, None, loader, Templar(loader, variables or {}), None)


@pytest.fixture(autouse=True)
def _inside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_controller_module, "run", lambda _invocation: {"ran": "here"})


def way(task: Action, variables: dict[str, t.Any]) -> t.Any:
    return task.module_result(variables)["ran"]


def test_on_this_machine_it_runs_here() -> None:
    assert way(action(), HERE) == "here"


@pytest.mark.parametrize(
    "task",
    [{"transport": "ssh"}, {"become": object()}, {"async_val": 10}],
    ids=["another machine", "another user", "in the background"],
)
def test_elsewhere_the_module_runs(task: dict[str, t.Any]) -> None:
    assert way(action(**task), HERE) == "module"


def test_in_the_background_it_is_told_so() -> None:
    assert action(async_val=10).module_result(HERE)["in_background"]


@pytest.mark.parametrize(
    ("python", "expected"),
    [
        (None, "here"),
        ("auto_silent", "here"),
        (trusted("{{ ansible_playbook_python }}"), "here"),
        (str(Path(sys.executable).with_name("python")), "here"),
        ("/usr/bin/python-of-another", "module"),
        (str(Path(sys.executable).resolve()), None),
    ],
)
def test_another_python_has_other_packages(python: str | None, expected: str | None) -> None:
    variables = {"ansible_playbook_python": sys.executable}
    found = way(action(variables), {**variables, **({"ansible_python_interpreter": python} if python else {})})
    is_this = Path(sys.executable).resolve().parent == Path(sys.executable).parent
    assert found == (expected or ("here" if is_this else "module"))


@pytest.mark.parametrize(("python", "expected"), [(sys.executable, "here"), ("/usr/bin/python-of-another", "module")])
def test_a_delegated_task_asks_about_the_other_host(python: str, expected: str) -> None:
    variables = {
        "ansible_python_interpreter": "/usr/bin/python-of-the-host",
        "ansible_delegated_vars": {"other": {"ansible_python_interpreter": python}},
    }
    assert way(action(delegate_to="other"), variables) == expected


def test_the_inner_environment_wins_and_is_templated() -> None:
    listed = [{"A": "outer", "B": trusted("{{ 'b' }}")}, None, {"A": "inner"}]
    assert action(environment=listed)._environment() == {"A": "inner", "B": "b"}
    assert action(environment={"A": 1})._environment() == {"A": 1}


ELSEWHERE = {"ansible_python_interpreter": "/usr/bin/python-of-another"}


@pytest.mark.parametrize(
    ("hosts", "pays"),
    [([], True), ([HERE], True), ([ELSEWHERE], False), ([ELSEWHERE, HERE], True), ([HERE, ELSEWHERE], True)],
    ids=["nobody left word", "here", "elsewhere", "here at last", "here at first"],
)
def test_the_main_process_loads_unless_all_modules_run_elsewhere(
    hosts: list[dict[str, t.Any]], pays: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path), raising=False)
    for variables in hosts:
        leave_word(action(), variables)
    assert loading_pays() == pays


def test_word_that_cannot_be_left_harms_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path / "gone"), raising=False)
    leave_word(action(), ELSEWHERE)
    assert loading_pays()


@pytest.fixture
def afresh() -> Iterator[None]:
    """What is possible is asked once a process; not here."""
    kept = (_warm_up.is_possible, _aws_action.controller_module)
    for each in kept:
        each.cache_clear()
    yield
    for each in kept:
        each.cache_clear()


@pytest.mark.usefixtures("afresh")
class TestGuards:
    def test_here_it_is_possible(self) -> None:
        assert _warm_up.is_possible()

    def test_on_macos_it_is_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "platform", "darwin")
        assert not _warm_up.is_possible()

    def test_without_boto3_it_is_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_aws, "check_sdk_version_supported", lambda: False)
        assert not _warm_up.is_possible()

    def test_with_an_amazon_aws_that_takes_no_class_it_is_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(AnsibleAWSModule, "default_settings", {"default_args": True})
        assert not _warm_up.is_possible()

    def test_with_an_ansible_core_that_hides_secrets_elsewhere_it_is_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_controller_module, "ValidationResult", lambda _parameters: SimpleNamespace())
        assert not _warm_up.is_possible()

    def test_where_it_is_not_the_module_runs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_warm_up, "is_possible", lambda: False)
        _aws_action.controller_module.cache_clear()
        assert way(action(), HERE) == "module"

    def test_loading_makes_no_call_and_a_wrong_configuration_is_left_to_the_task(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_PROFILE", "nobody")
        monkeypatch.setattr("socket.socket.connect", lambda *_arguments: pytest.fail("a socket was opened"))
        _warm_up.load_once.cache_clear()
        _warm_up.load_once()
        monkeypatch.delenv("AWS_PROFILE")
        _warm_up.load_once.cache_clear()
        _warm_up.load_once()
