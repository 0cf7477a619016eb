# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is compared: the composition of today, the collection, and the collection through ordinary modules."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local_region import REPOSITORY

from benchmarks import environments
from benchmarks.measure import Job

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.environments import Environment

PEER, OURS, MODULES, EMPTY = "peer", "ours", "modules", "empty play"
COMPOSITION = REPOSITORY / "benchmarks" / "composition" / "deploy.yml"
DEPLOY = REPOSITORY / "playbooks" / "deploy.yml"
NOTHING = REPOSITORY / "benchmarks" / "empty.yml"


@dataclass(frozen=True)
class Contestant:
    """How one of them deploys."""

    name: str
    folder: Path

    def job(
        self,
        hosts: Sequence[Environment],
        *,
        check: bool = False,
        in_bulk: bool = False,
        code: int = 0,
        forks: int = 10,
    ) -> Job:
        """A deployment of these environments.

        :param in_bulk: whether all roles of the account are read in one call.
        """
        preview = ("--check", "--diff") if check else ()
        bulk = ("--extra-vars", '{"mlflow_server_role_bulk_read": true}') if in_bulk else ()
        title = f"{self.name}, {len(hosts)} environment(s){', check' if check else ''}"
        return Job(title, self._playbook(), self._inventory(hosts), (*preview, *bulk), forks, code)

    def _playbook(self) -> Path:
        return {PEER: COMPOSITION, EMPTY: NOTHING}.get(self.name, DEPLOY)

    def _inventory(self, hosts: Sequence[Environment]) -> dict[str, Any]:
        if self.name == PEER:
            cli = str(REPOSITORY / ".venv" / "bench" / "bin" / "aws")
            variables = {
                environment.name: environments.composition_variables(environment, cli) for environment in hosts
            }
            common = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        else:
            variables = {environment.name: environments.host_variables(environment) for environment in hosts}
            python = str(self._python_of_the_host()) if self.name == MODULES else sys.executable
            common = environments.common_variables(self.folder / "outputs", python)
        return {"mlflow_servers": {"hosts": variables, "vars": common}}

    def _python_of_the_host(self) -> Path:
        """The same interpreter at another path: as far as Ansible can tell, the host's own, so tasks run as ordinary modules."""
        path = self.folder / "python_of_the_host"
        if not path.exists():
            path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
            path.chmod(0o755)
        return path
