# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Run a module and show its progress lines on the terminal while it runs.

Ansible shows a module's output when it has ended. So the module writes its lines to a file, and this, in the worker
process of the task, reads them as they come. Where that is impossible the module simply runs. It is the same file when
the module runs in the worker process itself.
"""

from __future__ import annotations

import contextlib
import tempfile
import threading
import typing as t
from pathlib import Path

from ansible import constants
from ansible.utils.display import Display

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._progress import VARIABLE
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._aws_action import AwsAction

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._aws_action import Call

PAUSE = 0.2
"""Seconds between two looks at the file."""


class LiveProgressAction(AwsAction):
    """Runs a module that waits, with live progress where it can be seen."""

    def module_result(self, variables: dict[str, t.Any], call: Call | None = None) -> dict[str, t.Any]:
        """Run a module, and show its progress meanwhile."""
        with contextlib.ExitStack() as stack:
            if self._can_be_seen():
                stack.enter_context(self._shown(str(variables.get("inventory_hostname", ""))))
            return super().module_result(variables, call)

    def _can_be_seen(self) -> bool:
        """The file must be on this machine, somebody must be waiting for it, and it may be shown."""
        is_local = self._connection.transport == "local"
        return is_local and not (self._task.async_val or self._task.check_mode or self._task.no_log)

    @contextlib.contextmanager
    def _shown(self, host: str) -> Iterator[None]:
        """Name a file to the module, and show its lines until the module has ended."""
        asked_environment = self._task.environment
        listed = asked_environment if isinstance(asked_environment, list) else [asked_environment or {}]
        with tempfile.TemporaryDirectory(prefix="progress-", dir=constants.DEFAULT_LOCAL_TMP) as folder:
            path = Path(folder) / "lines"
            self._task.environment = [*listed, {VARIABLE: str(path)}]
            try:
                with _following(path, lambda line: _show(f"{host}: {line}")):
                    yield
            finally:
                self._task.environment = asked_environment


def _show(line: str) -> None:
    """On stderr, so that output which a program reads stays whole."""
    Display().display(line, stderr=True)


@contextlib.contextmanager
def _following(path: Path, show: Callable[[str], None]) -> Iterator[None]:
    """Hand over each line of a growing file as soon as it is complete."""
    ended = threading.Event()
    thread = threading.Thread(target=_follow, args=(path, ended, show), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _follow(path: Path, ended: threading.Event, show: Callable[[str], None]) -> None:
    shown = 0
    is_last = False
    while not is_last:
        is_last = ended.wait(PAUSE)
        content = path.read_text(encoding="utf-8") if path.exists() else ""
        complete = content[: content.rfind("\n") + 1]
        for line in complete[shown:].splitlines():
            show(line)
        shown = len(complete)
