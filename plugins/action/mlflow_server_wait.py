# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wait with all hosts together. The documentation is in plugins/modules/mlflow_server_wait.py."""

from __future__ import annotations

import hashlib
import json
import time
import typing as t
from functools import partial
from pathlib import Path

from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._progress import duration
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils import _waiting_together as together
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._waiting_hosts import WaitingHosts

if t.TYPE_CHECKING:
    from collections.abc import Mapping

ARGUMENTS: dict[str, t.Any] = {
    "registered": {"type": "list", "elements": "str", "required": True},
    "environment_variable": {"type": "str"},
    "session_variable": {"type": "str"},
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
        hosts = self._hosts(variables, arguments)
        own = hosts.target(variables["inventory_hostname"])
        if own is None or self._task.check_mode or self._connection.transport != "local" or self._connection.become:
            return {**result, "waited": False}
        board = together.Board(Path(constants.DEFAULT_LOCAL_TMP) / "sagemaker_mlflow_waits")
        if _have_to_begin(board, hosts, self._hosts_of_task(variables)) and board.count(own.key) <= ROUNDS:
            time.sleep(together.PAUSE)
            return {**result, "waited": False, "others_begin": True}
        return {**result, **_waited(board, own, hosts, arguments)}

    def _hosts_of_task(self, variables: Mapping[str, t.Any]) -> str:
        """The same for all hosts of a batch of the play in one task, and for no others."""
        told = json.dumps([str(self._task._uuid), list(variables.get("ansible_play_batch", ()))])
        return hashlib.sha256(told.encode()).hexdigest()[:32]

    def _hosts(self, variables: Mapping[str, t.Any], arguments: Mapping[str, t.Any]) -> WaitingHosts:
        name = arguments["environment_variable"]
        here = self._templar.template(variables.get(name, {})) if name else {}
        names, session = variables.get("ansible_play_batch", ()), arguments["session_variable"]
        return WaitingHosts(variables["hostvars"], names, arguments["registered"], name, here, session)


def _have_to_begin(board: together.Board, hosts: WaitingHosts, flag: str) -> bool:
    """Whether a host has not begun. That all have, the first worker that sees it tells the others: to look takes the variables of
    each host, and each host would look at all of them.
    """
    if board.has_flag(flag):
        return False
    if hosts.have_to_begin():
        return True
    board.set_flag(flag)
    return False


def _waited(
    board: together.Board, own: together.Target, hosts: WaitingHosts, arguments: Mapping[str, t.Any]
) -> dict[str, t.Any]:
    try:
        from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._looks import Looks, can_look
    except ImportError:
        return {"waited": False}
    if not can_look():
        # Without boto3 or amazon.aws here, each host waits by its own module.
        return {"waited": False}
    timeout = arguments["timeout"]
    wait = together.Wait(board, own, partial(_others, hosts, own), Looks(), _show, timeout, arguments["delay"])
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


def _others(hosts: WaitingHosts, own: together.Target) -> list[together.Target]:
    return [each for each in hosts.targets() if each.host != own.host]


def _show(line: str) -> None:
    """On stderr, so that output which a program reads stays whole."""
    Display().display(line, stderr=True)
