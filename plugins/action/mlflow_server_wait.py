# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wait with all hosts together. The documentation is in plugins/modules/mlflow_server_wait.py."""

from __future__ import annotations

import json
import time
import typing as t
from pathlib import Path

from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._progress import duration
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils import _waiting_together as together

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ARGUMENTS: dict[str, t.Any] = {
    "registered": {"type": "list", "elements": "str", "required": True},
    "environment_variable": {"type": "str"},
    "timeout": {"type": "int", "default": 3600},
    "delay": {"type": "float", "default": 30.0},
}
ROUNDS = 20
"""How often a host lets the others begin. Hosts that never begin, as the role is not for them, hold nobody up for longer."""


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no type information
    """One call waits for one host, and looks for the others meanwhile."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Wait, unless AWS is at nothing or only another machine can see it."""
        variables = task_vars or {}
        result: dict[str, t.Any] = {**super().run(tmp, variables), "changed": False, "others_begin": False}
        _validation, arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)
        hosts = _Hosts(variables, arguments, self._templar)
        own = hosts.target(variables["inventory_hostname"])
        if own is None or self._task.check_mode or self._connection.transport != "local" or self._connection.become:
            return {**result, "waited": False}
        board = together.Board(Path(constants.DEFAULT_LOCAL_TMP) / "sagemaker_mlflow_waits")
        if hosts.have_to_begin() and board.count(own.key) <= ROUNDS:
            time.sleep(together.PAUSE)
            return {**result, "waited": False, "others_begin": True}
        return {**result, **_waited(board, own, hosts, arguments)}


def _waited(
    board: together.Board, own: together.Target, hosts: _Hosts, arguments: Mapping[str, t.Any]
) -> dict[str, t.Any]:
    try:
        from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._looks import Looks
    except ImportError:
        # Without boto3 here, each host waits by its own module.
        return {"waited": False}
    others = [each for each in hosts.targets() if each.host != own.host]
    timeout = arguments["timeout"]
    wait = together.Wait(board, own, others, Looks(), _show, timeout, arguments["delay"])
    note = wait.until_settled()
    if note is None:
        return {"waited": False}
    elapsed = int(note.looked - note.began)
    if not note.settled:
        raise AnsibleActionFail(
            f"Timed out after {duration(elapsed)} waiting for the {own.subject}; it is {note.status}. AWS goes on with it: "
            "repeat the run to wait on, or raise mlflow_server_wait_timeout."
        )
    return {"waited": True, "status": note.status, "elapsed": elapsed}


def _show(line: str) -> None:
    """On stderr, so that output which a program reads stays whole."""
    Display().display(line, stderr=True)


class _Hosts:
    """What the hosts of the play have registered."""

    def __init__(self, variables: Mapping[str, t.Any], arguments: Mapping[str, t.Any], templar: t.Any) -> None:
        self._host_variables = variables["hostvars"]
        self._names: list[str] = list(variables.get("ansible_play_batch", ()))
        self._registered: list[str] = arguments["registered"]
        self._environment: str | None = arguments["environment_variable"]
        self._here = templar.template(variables.get(self._environment, {})) if self._environment else {}

    def have_to_begin(self) -> bool:
        """Whether a host has not asked AWS for anything yet, which it cannot while its worker is one that waits."""
        return any(not self._results(name) for name in self._names)

    def targets(self) -> Iterator[together.Target]:
        """What each host waits for."""
        for name in self._names:
            target = self.target(name)
            if target is not None:
                yield target

    def target(self, name: str) -> together.Target | None:
        """What this host waits for; None for nothing."""
        for result in self._parts(name):
            arn = result.get("tracking_server_arn") or result.get("arn")
            if result.get("skipped") or result.get("failed") or not arn:
                continue
            status = result.get("tracking_server_status") or result.get("status")
            maintenance = result.get("tracking_server_maintenance_status") or result.get("maintenance_status")
            if result.get("changed") or sagemaker.is_in_flux(status) or sagemaker.is_in_flux(maintenance):
                noun = "tracking server" if "tracking_server_arn" in result else "MLflow App"
                subject = f"{noun} {result.get('tracking_server_name') or result.get('name')}"
                before = json.dumps(result, sort_keys=True, default=str)
                return together.Target(name, str(arn), subject, self._environment_of(name), before)
        return None

    def _results(self, name: str) -> list[Mapping[str, t.Any]]:
        variables = self._host_variables[name]
        return [variables[registered] for registered in self._registered if registered in variables]

    def _parts(self, name: str) -> Iterator[Mapping[str, t.Any]]:
        """Results about a single resource; that of mlflow_environment holds several."""
        for result in self._results(name):
            parts = [result[kind] for kind in ("tracking_server", "app") if isinstance(result.get(kind), dict)]
            yield from parts or [result]

    def _environment_of(self, name: str) -> dict[str, str]:
        """The environment variables of a host; of a variable that is not in the inventory, all hosts have the same."""
        variables = self._host_variables[name]
        found = variables.get(self._environment, self._here)
        return {str(key): str(value) for key, value in found.items()}
