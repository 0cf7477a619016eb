# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a playbook as a user does, against a local AWS, and read what it printed and what it asked AWS."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import typing as t
from dataclasses import dataclass
from pathlib import Path

import yaml
from local_region import REPOSITORY, LocalRegion

PLAYBOOKS = REPOSITORY / "playbooks"
ANSIBLE_PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
RECAP = re.compile(
    r"^(?P<host>\S+)\s+: ok=(?P<ok>\d+)\s+changed=(?P<changed>\d+).*?failed=(?P<failed>\d+)", re.MULTILINE
)
LIMIT = 180


@dataclass
class PlaybookRun:
    """One run of ansible-playbook."""

    code: int
    output: str
    calls: list[str]
    writes: list[str]

    @property
    def changed(self) -> int:
        """The number of changed tasks of all hosts."""
        return sum(int(match["changed"]) for match in RECAP.finditer(self.output))

    @property
    def summary(self) -> list[str]:
        """The lines of the resources in the summary, as in C(~ bucket name (tags))."""
        return [
            re.sub(r"\s+", " ", line.strip()) for line in self.output.splitlines() if re.match(r"^  [+~\- ] \w", line)
        ]


class Project:
    """A user's folder with an inventory of its own."""

    def __init__(self, folder: Path, region: LocalRegion) -> None:
        self.folder = folder
        self.region = region
        self.hosts: dict[str, dict[str, t.Any]] = {"mlflow-test": {}}
        self.settings: dict[str, str] = {}
        self.variables: dict[str, t.Any] = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "mlflow_server_environment": "test",
            "mlflow_server_bucket_name_suffix": "suite",
            "mlflow_server_region": "us-east-1",
            "mlflow_server_wait_delay": 1,
            "mlflow_server_role_propagation_delay": 0,
        }

    @property
    def outputs(self) -> dict[str, t.Any]:
        """What the last deployment wrote for the only host."""
        document: dict[str, t.Any] = json.loads((self.folder / "outputs" / "mlflow-test.json").read_text())
        return document

    def start(self, playbook: str, *arguments: str, **variables: t.Any) -> subprocess.Popen[str]:
        """Start a playbook with these variables over the inventory's."""
        inventory = self.folder / "inventory.yml"
        groups = {"mlflow_servers": {"hosts": self.hosts, "vars": {**self.variables, **variables}}}
        inventory.write_text(yaml.safe_dump(groups))
        command = [str(ANSIBLE_PLAYBOOK), "-i", str(inventory), str(PLAYBOOKS / f"{playbook}.yml"), *arguments]
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "ANSIBLE_", "MLFLOW_"))},
            **self.region.environment,
            "PWD": str(self.folder),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
            **self.settings,
        }
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def run(self, playbook: str, *arguments: str, **variables: t.Any) -> PlaybookRun:
        """Run a playbook to its end."""
        self.region.clear_log()
        process = self.start(playbook, *arguments, **variables)
        output, _errors = process.communicate(timeout=LIMIT)
        return PlaybookRun(process.returncode, output, self.region.calls(), self.region.writes())

    def succeed(self, playbook: str, *arguments: str, **variables: t.Any) -> PlaybookRun:
        """A run that must end with 0."""
        run = self.run(playbook, *arguments, **variables)
        assert run.code == 0, run.output
        return run

    def check(self, playbook: str, **variables: t.Any) -> PlaybookRun:
        """A preview that must end with 0 and write nothing."""
        run = self.succeed(playbook, "--check", "--diff", **variables)
        assert run.writes == [], "check mode wrote"
        return run
