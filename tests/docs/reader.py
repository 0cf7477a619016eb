# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Somebody who clones the repository and does what its pages say. The AWS of this reader is a local one."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import typing as t
import urllib.request
from pathlib import Path

import boto3
import yaml
from local_region import PACKAGE_ROOT, REGION, REPOSITORY

if t.TYPE_CHECKING:
    from docs.pages import Block

LIMIT = 180
TOOLS = Path(sys.executable).parent
# AWS's documented example credentials.
KEYS = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
PROFILE = f"""\
[profile my-profile]
region = {REGION}
aws_access_key_id = {KEYS[0]}
aws_secret_access_key = {KEYS[1]}
"""
# The local AWS answers at once and spreads IAM changes at once.
IMPATIENT = {"mlflow_server_role_propagation_delay": 0, "mlflow_server_wait_delay": 1}
# Commands that a page names and no test runs, each with the reason.
NOT_RUN = {
    "git clone https://github.com/mlops/sagemaker_mlflow && cd sagemaker_mlflow": "needs the internet",
    "make test": "runs these tests",
    "make bench": "times depend on the machine, so no test judges them",
    "make bench ARGS=--quick": "as above",
    "make bench ARGS=--record": "as above",
    "make bench ARGS=--profile": "as above",
    "ansible-galaxy collection install mlops.sagemaker_mlflow": "needs Galaxy",
    "ansible-galaxy collection install mlops.sagemaker_mlflow --upgrade": "needs Galaxy",
    "pip install -r outputs/mlflow-staging-clients/requirements.txt": "needs the internet",
}
# What a second run changes nothing of is run once, not on every page that names it.
IDEMPOTENT = re.compile(r"make (check|deploy|status|verify) ENV=staging$")
# Services that the local AWS does not have: botocore's model judges the command, no call is made.
NOT_CALLED = {"cloudtrail": "the local AWS has no CloudTrail"}


class Reader:
    """A fresh copy of the committed repository, and the shell variables of whoever works in it."""

    def __init__(self, folder: Path) -> None:
        self.copy = folder / "sagemaker_mlflow"
        subprocess.run(["git", "clone", "--quiet", str(REPOSITORY), str(self.copy)], check=True, timeout=60)
        self._lend_environment()
        self.home = self.copy / ".local_aws"
        self.config = folder / "aws_config"
        self.config.touch()
        self.variables = self.first_variables = self._shell_variables(folder)
        self.seen: set[str] = set()
        self.printed = ""
        self._write_inventories()

    def open_shell(self, **variables: str) -> None:
        """A new shell, without what another one exported."""
        self.variables = {**self.first_variables, **variables}
        self.find_aws()

    def follow(self, block: Block) -> None:
        """Do what a block says; what it exports stays."""
        self.find_aws()
        match block.language:
            case "bash":
                self._run_shell(block)
            case "python":
                self._expect(block, [sys.executable, "-c", block.text])
            case "yaml":
                self._run_yaml(block)
            case "json":
                json.loads(block.text)
            case "text":
                shown = [line for line in block.text.splitlines() if line.strip() != "..."]
                assert [line for line in shown if line not in self.printed] == [], block.place
            case _:
                raise AssertionError(f"{block.place}: no test knows what to do with {block.language}")

    @property
    def endpoint(self) -> str:
        """Where the local AWS of this copy answers; empty while none runs."""
        state = self.home / "state.json"
        return str(json.loads(state.read_text())["endpoint"]) if state.exists() else ""

    def find_aws(self) -> None:
        """The profile leads to the local AWS of this copy, as soon as that runs."""
        if self.endpoint:
            self.config.write_text(f"{PROFILE}endpoint_url = {self.endpoint}\n")
            self.variables["SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT"] = self.endpoint

    def enforce_iam(self, enforced: bool) -> None:
        """Whether the local AWS evaluates the policies of its callers."""
        body = json.dumps({"iam_enforcement": enforced}).encode()
        request = urllib.request.Request(f"{self.endpoint}/_localaws/config", data=body, method="POST")
        urllib.request.urlopen(request, timeout=LIMIT).close()

    def start_aws(self) -> None:
        """Have a local AWS with MLflow, where the inventory C(local) looks for it."""
        self.localaws("start", "--port", "0")
        self.find_aws()

    def localaws(self, command: str, *arguments: str, home: Path | None = None) -> None:
        """Run a command of the local AWS."""
        program = ["env", f"PYTHONPATH={PACKAGE_ROOT}", sys.executable, "-m", "localaws"]
        self.run([*program, command, "--home", str(home or self.home), *arguments])

    def leave(self) -> None:
        """Stop the local AWS of the copy, and the one that the role makes by default."""
        for home in (self.home, Path(self.first_variables["XDG_STATE_HOME"]) / "localaws" / "default"):
            self.localaws("stop", home=home)

    def client(self, service: str) -> t.Any:
        """A boto3 client of the local AWS."""
        return boto3.client(
            service,  # type: ignore[call-overload]  # the service is a variable here
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=KEYS[0],
            aws_secret_access_key=KEYS[1],
        )

    def playbook(self, *arguments: str) -> str:
        """Run ansible-playbook in the copy."""
        return self.run([str(TOOLS / "ansible-playbook"), *arguments])

    def run(self, command: list[str]) -> str:
        """Run a command that must end with 0; what it printed."""
        done = subprocess.run(
            command, cwd=self.copy, env=self.variables, text=True, capture_output=True, timeout=LIMIT, check=False
        )
        assert done.returncode == 0, f"{shlex.join(command)[:500]}\n{done.stdout}{done.stderr}"
        return done.stdout

    def _lend_environment(self) -> None:
        """Nothing is installed again: the copy uses the Python environment of these tests."""
        (self.copy / ".venv").symlink_to(TOOLS.parent)
        for path in (self.copy / "requirements").iterdir():
            os.utime(path, (0, 0))

    def _shell_variables(self, folder: Path) -> dict[str, str]:
        command = folder / "bin" / "aws"
        command.parent.mkdir()
        command.write_text(f'#!/bin/sh\nexec {sys.executable} {Path(__file__).with_name("aws_command.py")} "$@"\n')
        command.chmod(0o755)
        foreign = ("AWS_", "ANSIBLE_", "MLFLOW_", "MAKE", "PYTHON", "PYTEST", "LOCAL_AWS_")
        return {
            **{key: value for key, value in os.environ.items() if not key.startswith(foreign)},
            "PATH": f"{command.parent}:{TOOLS}:{os.environ['PATH']}",
            "PWD": str(self.copy),
            "HOME": str(folder),
            "XDG_STATE_HOME": str(folder / "state"),
            "LOCAL_AWS_HOME": str(self.home),
            "BROWSER": "true %s",
            "AWS_CONFIG_FILE": str(self.config),
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
            "ANSIBLE_NOCOLOR": "1",
        }

    def _write_inventories(self) -> None:
        """The reader's own inventory is that of staging; only the waits differ from what the repository has."""
        folder = self.copy / "inventories" / "staging" / "host_vars"
        folder.mkdir()
        (folder / "mlflow-staging.yml").write_text(yaml.safe_dump(IMPATIENT))
        (self.copy / "my_inventory").symlink_to("inventories/staging")
        self.variables["ANSIBLE_COLLECTIONS_PATH"] = str(self.copy / "playbooks" / "collections")

    def _run_shell(self, block: Block) -> None:
        self._expect(block, ["bash", "-n", "-c", block.text])
        kept = self.copy.parent / "variables"
        script = f"{self._runnable(block.text)}\nenv -0 > {shlex.quote(str(kept))}\n"
        self.printed = self._expect(block, ["bash", "-euo", "pipefail", "-c", script])
        entries = [entry.partition("=") for entry in kept.read_text().split("\0")[:-1]]
        self.variables = {name: value for name, _equals, value in entries}

    def _run_yaml(self, block: Block) -> None:
        document = yaml.safe_load(block.text)
        if isinstance(document, dict):
            return  # variables: see preview
        is_play = "hosts" in document[0]
        play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": document}
        impatient_module = {"mlops.sagemaker_mlflow.iam_mlflow_role": {"propagation_delay": 0}}
        plays = document if is_play else [{**play, "module_defaults": impatient_module}]
        path = self.copy / "playbooks" / "documented.yml"
        path.write_text(yaml.safe_dump(plays, sort_keys=False))
        given = {**IMPATIENT, "ansible_python_interpreter": sys.executable, "local_aws_python": sys.executable}
        given |= {"local_aws_port": 0, "local_aws_mlflow": "off"}
        self._expect(
            block,
            [str(TOOLS / "ansible-playbook"), "-i", "inventories/staging", "-e", json.dumps(given), str(path)],
        )

    def preview(self, blocks: list[Block]) -> str:
        """Preview what blocks of variables would deploy, each for a host of its own; what was printed."""
        common = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        common["mlflow_server_region"] = REGION
        hosts = {block.place.replace(":", "-"): {**common, **yaml.safe_load(block.text)} for block in blocks}
        inventory = self.copy / "documented.yml"
        inventory.write_text(yaml.safe_dump({"mlflow_servers": {"hosts": hosts}}))
        return self.playbook("-i", str(inventory), "--check", "--diff", "playbooks/deploy.yml")

    def _runnable(self, script: str) -> str:
        """A block without the commands that no test can run, and without those that need no second run."""
        return "\n".join(self._possible(line) for line in script.splitlines())

    def _possible(self, line: str) -> str:
        command = re.sub(r"\s+#\s.*$", "", line)
        if command in NOT_RUN or command in self.seen:
            return ":"
        if IDEMPOTENT.match(command):
            self.seen.add(command)
        called = re.match(r"aws (\S+) ", line)
        return line.replace("aws ", "aws --check-only ", 1) if called and called[1] in NOT_CALLED else line

    def _expect(self, block: Block, command: list[str]) -> str:
        try:
            return self.run(command)
        except AssertionError as error:
            raise AssertionError(f"{block.place}: {error}") from error
