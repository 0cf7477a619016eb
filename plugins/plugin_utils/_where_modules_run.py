# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Where the module of a task would run, and whether loading beforehand what it needs is worth its time.

Ansible's main process loads for all workers, and knows no host; workers know their hosts, and end with their tasks. So a
worker that learns where modules of its host run leaves word in the folder that Ansible removes when the run is over.
"""

from __future__ import annotations

import contextlib
import sys
import typing as t
from pathlib import Path

from ansible import constants

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible.plugins.action import ActionBase

UNDECIDED = ("", "auto", "auto_legacy", "auto_silent", "auto_legacy_silent")
"""What the setting for a host's Python says when Ansible shall find one."""
HERE, ELSEWHERE = "mlops.sagemaker_mlflow.modules_run_here", "mlops.sagemaker_mlflow.modules_run_elsewhere"

LOADED = "mlops.sagemaker_mlflow.loaded"


def would_run_here(action: ActionBase, variables: Mapping[str, t.Any]) -> bool:
    """Whether the module would run on this machine, as this user, in this Python, while we wait."""
    connection = action._connection
    return (
        connection.transport == "local"
        and not action._task.async_val
        and not connection.become
        and _is_this_python(action, variables)
    )


def leave_word(action: ActionBase, variables: Mapping[str, t.Any]) -> None:
    """Tell the main process where modules of this host run. Without word it loads, so failing to leave it harms nothing."""
    name = HERE if would_run_here(action, variables) else ELSEWHERE
    try:
        (_folder() / name).touch()
    except OSError:
        return


def loading_pays() -> bool:
    """Whether modules of some host run here, as far as is known."""
    return (_folder() / HERE).exists() or not (_folder() / ELSEWHERE).exists()


def note_that_a_worker_loads() -> None:
    """A worker loads for those that run with it. When that happens again, it is better done beforehand."""
    with contextlib.suppress(OSError), (_folder() / LOADED).open("a", encoding="utf-8") as marks:
        marks.write(".")


def workers_load_again() -> bool:
    """Whether more than one worker had to load."""
    try:
        return (_folder() / LOADED).stat().st_size > 1
    except OSError:
        return False


def _folder() -> Path:
    return Path(constants.DEFAULT_LOCAL_TMP)


def _is_this_python(action: ActionBase, variables: Mapping[str, t.Any]) -> bool:
    """A host that names no Python takes ours: Ansible would look for one, which may lack boto3."""
    delegated = action._task.delegate_to
    if delegated:
        variables = variables.get("ansible_delegated_vars", {}).get(delegated, {})
    wished = constants.config.get_config_value("INTERPRETER_PYTHON", variables=variables)
    python = str(action._templar.template(wished) or "").strip()
    return python in UNDECIDED or _same_program(python, sys.executable)


def _same_program(path: str, other: str) -> bool:
    """A virtual environment has its Python under many names; outside of it the same program has other packages."""
    one, two = Path(path), Path(other)
    return one.parent == two.parent and one.resolve() == two.resolve()
