# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role local_aws and its playbooks: what they say, they do, once, and check mode does nothing."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from local_region import PACKAGE_ROOT, REPOSITORY

from localaws.settings import Delays

if TYPE_CHECKING:
    from collections.abc import Iterator

ROLE = REPOSITORY / "roles" / "local_aws"
ANSIBLE_PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
RECAP = re.compile(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)", re.MULTILINE)
NOTE = """{{ {'fact': local_aws_environment | default({}),
               'state': lookup('ansible.builtin.file', local_aws_home ~ '/state.json', errors='ignore') | default('{}', true)
                        | from_json} | to_json }}"""


@dataclass
class Laptop:
    """A folder with a local AWS of its own."""

    home: Path

    def run(self, playbook: Path, hosts: list[str], *arguments: str) -> dict[str, int]:
        """Run a playbook to its end; how many tasks have changed something, by host."""
        variables = {
            "local_aws_home": str(self.home),
            "local_aws_python": sys.executable,
            "ansible_connection": "local",
        }
        inventory = self.home.parent / "inventory.json"
        inventory.write_text(
            json.dumps({"all": {"hosts": dict.fromkeys(hosts), "vars": {**variables, "local_aws_port": 0}}})
        )
        command = [str(ANSIBLE_PLAYBOOK), "-i", str(inventory), str(playbook), *arguments]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_"))}
        environment |= {
            "ANSIBLE_COLLECTIONS_PATH": str(REPOSITORY / "playbooks" / "collections"),
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "ANSIBLE_NOCOLOR": "1",
        }
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return {host: int(changed) for host, changed in RECAP.findall(done.stdout)}

    def playbook(self, name: str, *arguments: str) -> int:
        """Run a playbook of the collection without MLflow; how many tasks have changed something."""
        path = REPOSITORY / "playbooks" / f"{name}.yml"
        return self.run(path, ["localhost"], "-e", "local_aws_mlflow=off", *arguments)["localhost"]

    def plays(self, *plays: dict[str, Any], check: bool = False) -> list[int]:
        """Apply the role once with each of these variables, in one run; the changes of each."""
        hosts = [f"play{number}" for number in range(len(plays))]
        written = [self._play(host, variables) for host, variables in zip(hosts, plays, strict=True)]
        path = self.home.parent / "plays.yml"
        path.write_text(yaml.safe_dump(written), encoding="utf-8")
        changed = self.run(path, hosts, *(["--check"] if check else []))
        return [changed[host] for host in hosts]

    def fact(self, number: int) -> dict[str, Any]:
        """What the role set in the play with this number, and the state of that moment."""
        content: dict[str, Any] = json.loads((self.home.parent / f"play{number}.json").read_text(encoding="utf-8"))
        return content

    def _play(self, host: str, variables: dict[str, Any]) -> dict[str, Any]:
        note = {"content": NOTE, "dest": str(self.home.parent / f"{host}.json")}
        tasks: list[dict[str, Any]] = [
            {"ansible.builtin.include_role": {"name": "mlops.sagemaker_mlflow.local_aws"}},
            {"ansible.builtin.copy": note, "changed_when": False, "check_mode": False},
        ]
        return {"hosts": host, "gather_facts": False, "vars": {"local_aws_mlflow": "off", **variables}, "tasks": tasks}

    @property
    def state(self) -> dict[str, Any] | None:
        """What the running local AWS wrote about itself."""
        try:
            state: dict[str, Any] = json.loads((self.home / "state.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return state

    def command(self, *arguments: str) -> str:
        """The command line of the local AWS, for this home."""
        command = [sys.executable, "-m", "localaws", *arguments, "--home", str(self.home)]
        environment = {**os.environ, "PYTHONPATH": str(PACKAGE_ROOT)}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout


def command_of(pid: int) -> str:
    """The command line of a process; nothing when it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[Laptop]:
    made = Laptop(tmp_path / "home")
    yield made
    made.command("stop")


def test_the_playbooks_change_once_and_check_mode_never(laptop: Laptop) -> None:
    assert laptop.playbook("local_up", "--check", "--diff") == 1
    assert not laptop.home.exists()
    assert laptop.playbook("local_up") == 1
    assert laptop.state is not None
    pid = laptop.state["pid"]
    predicted = laptop.plays({}, {"local_aws_iam": True}, {"local_aws_state": "stopped"}, check=True)
    assert predicted == [0, 1, 1]
    assert "iam enforcement: False" in laptop.command("status")
    assert laptop.fact(0)["fact"]["AWS_ENDPOINT_URL"] == laptop.state["endpoint"]
    assert laptop.playbook("local_down") == 1
    assert laptop.state is None
    assert "localaws" not in command_of(pid)


def test_the_role_does_what_its_variables_say_once(laptop: Laptop) -> None:
    wanted = {"local_aws_iam": True, "local_aws_delays": {"create": 2.5}, "local_aws_settings": {"app_quota": 7}}
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        changed = laptop.plays(
            {"local_aws_port": taken},
            wanted,
            {**wanted, "local_aws_port": taken},
            {**wanted, "local_aws_mlflow": "cli", "local_aws_state": "reset"},
            {**wanted, "local_aws_mlflow": "cli"},
        )
    assert changed == [1, 1, 0, 4, 0], "started; settings; nothing; stopped, started, emptied, settings; nothing"
    states = [laptop.fact(number)["state"] for number in range(5)]
    assert states[0]["port"] != taken
    assert [states[0]["pid"] == state["pid"] for state in states] == [True, True, True, False, False]
    assert "iam enforcement: True" in laptop.command("status")
    exported = dict(re.findall(r"export (\w+)=(.*)", laptop.command("env")))
    assert laptop.fact(4)["fact"] == {**exported, "AWS_EC2_METADATA_DISABLED": "true"}


def test_down_after_a_kill_leaves_nothing(laptop: Laptop) -> None:
    laptop.command("start", "--port", "0", "--mlflow", "off")
    assert laptop.state is not None
    os.kill(laptop.state["pid"], signal.SIGKILL)
    laptop.plays({"local_aws_state": "stopped"})
    assert laptop.state is None
    assert sorted(path.name for path in laptop.home.glob("*.json")) == []


def test_the_specification_has_the_defaults() -> None:
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text(encoding="utf-8"))
    specification = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    options = specification["argument_specs"]["main"]["options"]
    assert {name: option["default"] for name, option in options.items()} == defaults


def test_every_delay_of_the_settings_is_in_the_specification() -> None:
    specification = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    delays = specification["argument_specs"]["main"]["options"]["local_aws_delays"]["options"]
    assert set(delays) == set(vars(Delays()))
