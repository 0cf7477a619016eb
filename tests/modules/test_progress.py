# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Live progress, proved by real playbook runs: the lines are on the terminal while the task still runs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
import typing as t
from dataclasses import dataclass

import pytest
import yaml
from local_region import REPOSITORY
from tracking_server_account import ROLE, URI, Account

if t.TYPE_CHECKING:
    from pathlib import Path

    from local_region import LocalRegion
    from module_run import Modules

SERVER = "mlops.sagemaker_mlflow.sagemaker_mlflow_server"
APP = "mlops.sagemaker_mlflow.sagemaker_mlflow_app"
LINE = re.compile(r"(?P<host>\S+): tracking server (?P<server>\S+): (?P<state>\w+) \((?P<elapsed>[\dhms ]+)\)")
SECONDS = 1.5
"""How long AWS takes: long enough to tell "while" from "afterwards" on a busy machine."""


ELSEWHERE = """
from ansible.plugins.connection.local import DOCUMENTATION as LOCAL
from ansible.plugins.connection.local import Connection as Local

DOCUMENTATION = LOCAL.replace("name: local", "name: elsewhere")


class Connection(Local):
    transport = "elsewhere"
"""
"""A connection that is not local, although it leads here too."""


@dataclass(frozen=True)
class Shown:
    """One line on the terminal, and when it was there."""

    text: str
    stream: str
    moment: float


@dataclass(frozen=True)
class Playbook:
    """How a run went."""

    code: int
    shown: list[Shown]

    def progress(self) -> list[tuple[str, str, str]]:
        """Host, server and state of every progress line."""
        found = (LINE.fullmatch(line.text) for line in self.shown)
        return [(match["host"], match["server"], match["state"]) for match in found if match]

    def moment(self, text: str) -> float:
        """When the first line with this text was shown."""
        return next(line.moment for line in self.shown if text in line.text)

    @property
    def text(self) -> str:
        """Everything, for messages."""
        return "\n".join(f"{line.stream} {line.text}" for line in self.shown)


@dataclass
class Player:
    """Runs playbooks against one local AWS."""

    account: Account
    folder: Path

    def play(
        self, task: dict[str, t.Any], *arguments: str, hosts: t.Sequence[str] = ("web",), **environment: str
    ) -> Playbook:
        """One play with one task. Every host is this machine."""
        play = {"hosts": "all", "gather_facts": False, "tasks": [{"name": "Task", **task}]}
        # The play's environment, so that the one of the progress file is seen to come on top of it.
        play["environment"] = self.account.region.environment
        (self.folder / "play.yml").write_text(yaml.safe_dump([play]))
        inventory = {
            name: {"ansible_connection": "local", "ansible_python_interpreter": sys.executable} for name in hosts
        }
        (self.folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": inventory}}))
        command = [sys.executable, "-m", "ansible", "playbook", "-i", "hosts.yml", "play.yml", *arguments]
        return _watched(command, self.folder, environment)


def _watched(command: list[str], folder: Path, environment: dict[str, str]) -> Playbook:
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(REPOSITORY / "playbooks" / "collections"),
            "ANSIBLE_HOME": str(folder / "home"),
            "ANSIBLE_NOCOLOR": "1",
            "PYTHONUNBUFFERED": "1",
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    shown: list[Shown] = []

    def read(stream: t.IO[str], name: str) -> None:
        shown.extend(Shown(line.rstrip("\n"), name, time.monotonic()) for line in stream)

    assert process.stdout is not None
    assert process.stderr is not None
    readers = [
        threading.Thread(target=read, args=(process.stdout, "out")),
        threading.Thread(target=read, args=(process.stderr, "err")),
    ]
    for reader in readers:
        reader.start()
    code = process.wait(timeout=90)
    for reader in readers:
        reader.join()
    return Playbook(code, sorted(shown, key=lambda line: line.moment))


@pytest.fixture
def player(region: LocalRegion, modules: Modules, tmp_path: Path) -> Player:
    """An AWS that takes its time."""
    account = Account(region, modules)
    region.configure(delays={"create": SECONDS, "stop": SECONDS})
    return Player(account, tmp_path)


def create(name: str = "{{ inventory_hostname }}-mlflow", **options: t.Any) -> dict[str, t.Any]:
    """A task that creates a server."""
    arguments = {"name": name, "artifact_store_uri": URI, "role_arn": ROLE, "wait_delay": 0.2, **options}
    return {SERVER: arguments, "register": "created"}


def test_lines_appear_while_the_task_runs(player: Player) -> None:
    run = player.play(create(state="stopped"))
    assert run.code == 0, run.text
    states = [("web", "web-mlflow", state) for state in ("Creating", "Created", "Stopping", "Stopped")]
    assert run.progress() == states, run.text
    begun, ended = run.moment("Creating"), run.moment("changed: [web]")
    assert ended - begun > 2 * SECONDS - 0.5, "the first line was there long before the task ended"
    assert run.moment("Stopped") - run.moment("Created") > SECONDS / 2, "each line comes when its state is seen"
    assert {line.stream for line in run.shown if LINE.fullmatch(line.text)} == {"err"}, "stdout is for programs"


def test_an_app_shows_its_lines_too(player: Player) -> None:
    player.account.region.configure(delays={"app_create": SECONDS})
    arguments = {"name": "web-app", "artifact_store_uri": URI, "role_arn": ROLE, "wait_delay": 0.2}
    run = player.play({APP: arguments})
    assert run.code == 0, run.text
    shown = [line.text.rpartition(" (")[0] for line in run.shown if "MLflow App web-app" in line.text]
    assert shown == ["web: MLflow App web-app: Creating", "web: MLflow App web-app: Created"], run.text
    assert run.moment("changed: [web]") - run.moment("Creating") > SECONDS / 2


def test_nothing_is_shown_when_nothing_is_waited_for(player: Player) -> None:
    assert player.play(create(wait=False)).progress() == []
    player.account.region.admin("POST", "clock", {"advance": 60})
    run = player.play(create(), "--diff")
    assert (run.code, run.progress()) == (0, []), run.text
    assert "ok: [web]" in run.text


def test_nothing_is_shown_in_check_mode(player: Player) -> None:
    run = player.play(create(), "--check", "--diff")
    assert (run.code, run.progress()) == (0, []), run.text
    assert "changed: [web]" in run.text
    assert "+++ after: tracking server 'web-mlflow'" in run.text, "the diff passes through"
    assert not player.account.exists()


def test_every_item_of_a_loop_is_named(player: Player) -> None:
    run = player.play({**create("{{ item }}"), "loop": ["first", "second"]})
    assert run.code == 0, run.text
    expected = [("web", name, state) for name in ("first", "second") for state in ("Creating", "Created")]
    assert run.progress() == expected
    assert run.moment("server first: Creating") < run.moment("item=first") < run.moment("server second: Creating")


def test_two_hosts_at_once(player: Player) -> None:
    run = player.play(create(), "--forks", "2", hosts=("east", "west"))
    assert run.code == 0, run.text
    assert sorted(run.progress()) == [
        (host, f"{host}-mlflow", state) for host in ("east", "west") for state in ("Created", "Creating")
    ]
    first_end = min(run.moment("changed: [east]"), run.moment("changed: [west]"))
    assert max(run.moment("east-mlflow: Creating"), run.moment("west-mlflow: Creating")) < first_end


def test_two_runs_that_create_the_same_server(player: Player) -> None:
    """Not about the lines, but it takes two processes: one creates, the other adopts, and both wait for the end."""
    player.account.region.configure(delays={"create": 3 * SECONDS})
    run = player.play(create("shared"), "--forks", "2", hosts=("east", "west"))
    assert run.code == 0, run.text
    ends = sorted(line.text for line in run.shown if re.fullmatch(r"(ok|changed): \[\w+\]", line.text))
    assert [end.split(":")[0] for end in ends] == ["changed", "ok"], run.text
    assert [state for _host, _server, state in run.progress()].count("Created") == 2


def test_a_task_without_log_shows_nothing(player: Player) -> None:
    run = player.play({**create("secret-name"), "no_log": True}, "-vv")
    assert (run.code, run.progress()) == (0, []), run.text
    assert "secret-name" not in run.text.replace("play.yml", "")
    assert player.account.exists()


@pytest.mark.parametrize("poll", [1, 0])
def test_in_the_background_the_module_works_alone(player: Player, poll: int) -> None:
    run = player.play({**create(), "async": 60, "poll": poll})
    assert (run.code, run.progress()) == (0, []), run.text
    assert "changed: [web]" in run.text
    limit = time.monotonic() + 20
    while not player.account.exists() and time.monotonic() < limit:
        time.sleep(0.2)
    assert player.account.exists()


def test_over_another_connection_the_module_works_alone(player: Player) -> None:
    """The file of the lines would be on another machine."""
    (player.folder / "connection_plugins").mkdir()
    (player.folder / "connection_plugins" / "elsewhere.py").write_text(ELSEWHERE)
    run = player.play(create(), "-e", "ansible_connection=elsewhere", ANSIBLE_PIPELINING="true")
    assert (run.code, run.progress()) == (0, []), run.text
    assert "changed: [web]" in run.text


def test_a_failure_comes_through_with_its_details(player: Player) -> None:
    player.account.region.configure(stuck=["create"])
    run = player.play({**create(wait_timeout=2), "ignore_errors": True})
    assert run.progress() == [("web", "web-mlflow", "Creating")]
    assert "Timed out after 2s waiting for the tracking server 'web-mlflow' to be created" in run.text


def test_the_environment_of_the_task_is_kept_and_stdout_is_whole(player: Player) -> None:
    player.account.region.client("s3", region_name="eu-west-1").create_bucket(
        Bucket="artifacts-eu", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    task = create(artifact_store_uri="s3://artifacts-eu")
    task["environment"] = {"AWS_REGION": "{{ 'eu-west-1' }}", "AWS_DEFAULT_REGION": "eu-west-1"}
    run = player.play(task, ANSIBLE_STDOUT_CALLBACK="ansible.posix.json")
    assert [state for _host, _server, state in run.progress()] == ["Creating", "Created"], run.text
    document = json.loads("\n".join(line.text for line in run.shown if line.stream == "out"))
    result = document["plays"][0]["tasks"][0]["hosts"]["web"]
    assert result["tracking_uri"].startswith("arn:aws:sagemaker:eu-west-1:")
    assert "SAGEMAKER_MLFLOW_PROGRESS_FILE" not in json.dumps(document), "nothing of this is left in the result"
