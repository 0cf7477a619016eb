# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The turn of one host in a task that one process does for all hosts of the play."""

from __future__ import annotations

import json
import os
import typing as t
from pathlib import Path

from ansible import constants

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._progress import VARIABLE
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._aws_action import controller_module
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._plain import plain
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._shared_process import (
    Answer,
    Attendance,
    Request,
    SharedProcess,
    name_of,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._where_modules_run import (
    note_that_a_worker_loads,
)

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._aws_action import Call


class Turn:
    """What a host does in the task. A host that does not take its turn is not waited for.

    :param variables: of the host.
    """

    def __init__(self, task: t.Any, variables: Mapping[str, t.Any]) -> None:
        hosts = [str(name) for name in variables.get("ansible_play_batch", ())]
        # With one worker nobody else comes while this one is at it.
        is_one = 1 in (int(variables.get("ansible_forks", 1)), getattr(task, "throttle", 0))
        expected = 1 if is_one else len(hosts)
        self._folder = Path(constants.DEFAULT_LOCAL_TMP)
        self._attendance = Attendance(self._folder, json.dumps([str(getattr(task, "_uuid", "")), hosts]), expected)
        self._is_taken = False

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, *_error: object) -> None:
        """Nobody waits for a host that had nothing to do, or failed before."""
        if not self._is_taken:
            self._attendance.excuse()

    def take(
        self, call: Call, environment: Mapping[str, t.Any], check_mode: bool, diff: bool
    ) -> dict[str, t.Any] | None:
        """Have the module run; None where it can only run in the ordinary way."""
        self._is_taken = True
        wished = {str(name): str(value) for name, value in environment.items()}
        request: Request = {
            "module": call.module,
            "name": call.name,
            "arguments": plain(call.arguments),
            "environment": {name: wished.pop(name) for name in (VARIABLE,) if name in wished},
            "check_mode": check_mode,
            "diff": diff,
        }
        process = SharedProcess(self._folder, name_of(wished))
        return process.run(request, lambda: _answering(wished), self._attendance)


def _answering(environment: Mapping[str, str]) -> Callable[[Request], Answer] | None:
    """What runs modules in this process, which has these environment variables from now on and ends with its task."""
    controller = controller_module()
    if controller is None:
        return None
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._session import share_sessions

    note_that_a_worker_loads()
    os.environ.update(environment)
    share_sessions()
    return lambda request: controller.run_beside_others(controller.Invocation(**request))
