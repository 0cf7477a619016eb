# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A link to the UI reaches the person who asked for it, and no log."""

from __future__ import annotations

import re
import typing as t
import urllib.error
import urllib.request

import pytest
import yaml
from local_region import REPOSITORY
from mlflow_account import make_app, make_servers

if t.TYPE_CHECKING:
    from pathlib import Path

    from playbook_run import PlaybookRun, Project

SERVER = "mlflow-test-mlflow"
SECRET = "authToken="
LINK = re.compile(r"http://\S+authToken=[\w-]+")
PRESIGNED = ["sagemaker:DescribeMlflowTrackingServer", "sagemaker:CreatePresignedMlflowTrackingServerUrl"]
CALLS = {
    "tracking_server": PRESIGNED,
    "app": ["sagemaker:ListMlflowApps", "sagemaker:DescribeMlflowApp", "sagemaker:CreatePresignedMlflowAppUrl"],
}
RECORDER = '''
from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    """Writes down whatever Ansible tells callbacks."""

    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "recorder"
    CALLBACK_NEEDS_ENABLED = True

    def v2_on_any(self, *told, **more):
        with open("{file}", "a", encoding="utf-8") as file:
            file.write(repr([getattr(each, "_result", each) for each in (*told, *more.values())]) + "\\n")
'''
# A remote host whose shell is this one's: the SSH connection prints at -vvv what the remote command wrote.
SSH = """#!/bin/sh
for command; do :; done
exec /bin/sh -c "$command"
"""


@pytest.fixture
def recorded(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with one of each kind, a log file, a report for CI, and a callback that records everything."""
    make_servers(project.region, SERVER)
    project.region.client("sagemaker").delete_mlflow_app(Arn=make_app(project.region, SERVER))
    make_app(project.region, SERVER)
    monkeypatch.setenv("JUNIT_OUTPUT_DIR", str(project.folder / "junit"))
    plugins = project.folder / "callbacks"
    plugins.mkdir()
    (plugins / "recorder.py").write_text(RECORDER.replace("{file}", str(project.folder / "told")))
    (project.folder / "ansible.cfg").write_text(
        f"[defaults]\nlog_path = {project.folder}/log\ncallback_plugins = {plugins}\ncallbacks_enabled = recorder, junit\n"
        f"collections_path = {REPOSITORY}/playbooks/collections\n"
    )
    return project


def kept(project: Project) -> str:
    """Everything that stays after the run, apart from what was printed."""
    log, told = (project.folder / "log").read_text(), (project.folder / "told").read_text()
    assert any(end in log for end in ("PLAY RECAP", '"plays": [')), "the log file was not written"
    assert "'changed': False" in told, "the callback was told no result"
    reports = [path.read_text() for path in (project.folder / "junit").iterdir()]
    assert all("<testsuite" in report for report in reports)
    assert reports, "no report was written"
    return "".join([log, told, *reports])


def program(folder: Path, name: str, text: str) -> str:
    """An executable file."""
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def opens(link: str) -> bool:
    """Whether the link is still good; looking uses it up."""
    try:
        with urllib.request.urlopen(urllib.request.Request(link), timeout=10) as answer:
            return bool(answer.status)
    except urllib.error.HTTPError as refusal:
        return "This link" not in refusal.read().decode()


def run_task(project: Project, *arguments: str, no_log: bool = False, **options: t.Any) -> PlaybookRun:
    """A playbook of the user's own with one task."""
    task = {"mlops.sagemaker_mlflow.sagemaker_mlflow_presigned_url": {"name": SERVER, **options}, "no_log": no_log}
    play = {"hosts": "mlflow_servers", "gather_facts": False, "tasks": [{**task, "register": "link"}]}
    (project.folder / "own.yml").write_text(yaml.safe_dump([play]))
    return project.run(str(project.folder / "own"), *arguments)


@pytest.mark.parametrize("kind", CALLS)
@pytest.mark.parametrize("connection", ["local", "ssh"])
def test_the_link_is_on_the_terminal_once_and_nowhere_else(recorded: Project, connection: str, kind: str) -> None:
    recorded.variables |= {
        "mlflow_server_kind": kind,
        "ansible_connection": connection,
        "ansible_ssh_executable": program(recorded.folder, "ssh", SSH),
        "ansible_pipelining": True,
        "mlflow_server_environment_variables": recorded.region.environment,
    }
    run = recorded.succeed("open_ui", "-vvv", "--diff")
    assert run.calls == CALLS[kind]
    assert run.changed == 0
    (link,) = LINK.findall(run.output)
    assert run.output.count(SECRET) == 1
    assert "mlflow-test: this link opens the MLflow UI, once, within 300 seconds:" in run.output
    assert SECRET not in kept(recorded)
    assert opens(link)
    assert not opens(link)


@pytest.mark.parametrize("kind", CALLS)
def test_a_terminal_that_prints_json_has_it_beside_the_json_only(recorded: Project, kind: str) -> None:
    with (recorded.folder / "ansible.cfg").open("a") as settings:
        settings.write("stdout_callback = ansible.posix.json\n")
    run = recorded.succeed("open_ui", "-vvv", "--diff", mlflow_server_kind=kind)
    (link,) = LINK.findall(run.output)
    assert run.output.count(SECRET) == 1
    before, after = run.output.split(link)
    assert before.rstrip().endswith("within 300 seconds:")
    assert '"plays": [' in after
    assert SECRET not in kept(recorded)
    assert opens(link)


@pytest.mark.parametrize("kind", CALLS)
def test_check_mode_makes_no_link(recorded: Project, kind: str) -> None:
    run = recorded.check("open_ui", mlflow_server_kind=kind)
    assert run.calls == CALLS[kind][:-1]
    assert SECRET not in run.output + kept(recorded)


def test_a_stopped_server_says_so(recorded: Project) -> None:
    recorded.region.client("sagemaker").stop_mlflow_tracking_server(TrackingServerName=SERVER)
    run = recorded.run("open_ui")
    assert run.code != 0
    assert f"The tracking server '{SERVER}' is stopped. Start it first" in " ".join(run.output.split())
    preview = recorded.check("open_ui")
    assert "cannot be made now" in preview.output


def test_the_browser_gets_the_link_too(recorded: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = program(recorded.folder, "browser", f'#!/bin/sh\necho "$1" > {recorded.folder}/visited\n')
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    run = recorded.succeed("open_ui", "-e", "mlflow_server_open_browser=true")
    visited = (recorded.folder / "visited").read_text().strip()
    assert LINK.findall(run.output) == [visited]
    assert SECRET not in kept(recorded)
    assert "'opened': True" in kept(recorded)


def test_only_the_browser_gets_the_link(recorded: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = program(recorded.folder, "browser", f'#!/bin/sh\necho "$1" > {recorded.folder}/visited\n')
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    run = run_task(recorded, "-vvv", open_browser=True)
    assert run.code == 0, run.output
    assert SECRET not in run.output + kept(recorded)
    assert opens((recorded.folder / "visited").read_text().strip())


@pytest.mark.parametrize("browser", ["/nonexistent/browser %s", "false %s", ""])
def test_without_a_browser_the_printed_link_remains(
    recorded: Project, monkeypatch: pytest.MonkeyPatch, browser: str
) -> None:
    monkeypatch.setenv("BROWSER", browser)
    for display in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(display, raising=False)
    run = recorded.succeed("open_ui", "-e", "mlflow_server_open_browser=true")
    assert run.output.count(SECRET) == 1
    assert "No browser could be started" in " ".join(run.output.split())
    assert SECRET not in kept(recorded)

    alone = run_task(recorded, open_browser=True)
    assert alone.code != 0
    assert "No browser could be started" in " ".join(alone.output.split())
    assert SECRET not in alone.output + kept(recorded)


def test_a_result_with_the_link_asks_for_no_log(recorded: Project) -> None:
    unprotected = run_task(recorded, "-v")
    assert "Set no_log: true on the task" in " ".join(unprotected.output.split())
    assert SECRET in unprotected.output
    assert SECRET in kept(recorded)


def test_a_protected_result_is_hidden_from_all(recorded: Project) -> None:
    run = run_task(recorded, "-vvv", no_log=True)
    assert run.code == 0, run.output
    assert SECRET not in run.output + kept(recorded)
    assert "Set no_log" not in " ".join(run.output.split())
