# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The action of every module that talks to AWS: run it here when it would run on this machine anyway.

A module is an archive that a new interpreter unpacks and imports: half a second of work for a tenth of a second of
calls. Ansible loads an action in its main process and forks a worker for each task and host, so what this file loads is
there already. Wherever the ordinary way could have another result, the ordinary way is taken.
"""

from __future__ import annotations

import functools
import typing as t
from dataclasses import dataclass

from ansible.plugins.action import ActionBase

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._lasting import lasting
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._bytecode import keep_bytecode, kept_bytecode
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._where_modules_run import (
    loading_pays,
    would_run_here,
)

if t.TYPE_CHECKING:
    from types import ModuleType


@functools.cache
def controller_module() -> ModuleType | None:
    """What runs modules here; None where that is not possible."""
    try:
        with lasting():
            from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils import _controller_module, _warm_up
    except ImportError:
        # Without amazon.aws here. The module says what is missing where it runs.
        return None
    return _controller_module if _warm_up.is_possible() else None


def load_beforehand() -> None:
    """Load what is slow to load, for all workers that are forked from now on."""
    with kept_bytecode():
        if controller_module():
            from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils import _warm_up

            _warm_up.load_once()


@dataclass(frozen=True)
class Call:
    """The module that an action runs.

    :param module: the name of its file.
    :param name: as a task calls it.
    """

    module: str
    name: str
    arguments: dict[str, t.Any]


class AwsAction(ActionBase):  # type: ignore[misc]  # ansible-core has no type information
    """Runs the module of its own name."""

    _supports_check_mode = True
    _supports_async = True

    def __init_subclass__(cls, **settings: t.Any) -> None:
        """The class that Ansible looks for is defined when its main process loads the file, before it forks."""
        super().__init_subclass__(**settings)
        if cls.__name__ == "ActionModule" and loading_pays():
            load_beforehand()

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """The module's result is the task's."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        keep_bytecode()
        result.update(self.task_result(task_vars or {}))
        return result

    def task_result(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        """What the task returns; an action that does more than to run its module begins here."""
        return self.module_result(variables)

    def module_result(self, variables: dict[str, t.Any], call: Call | None = None) -> dict[str, t.Any]:
        """Run a module, that of the same name unless another one is called, here or in the ordinary way."""
        call = call or Call(type(self).__module__.rpartition(".")[2], self._task.action, self._task.args)
        done = self.run_here(call) if would_run_here(self, variables) else None
        if done is not None:
            return done
        in_background = bool(self._task.async_val and not self._connection.has_native_async)
        # Ansible parses a hundred files to pack a module, in a worker that ends with this task.
        with lasting():
            result: dict[str, t.Any] = self._execute_module(
                module_name=call.name, module_args=call.arguments, task_vars=variables, wrap_async=in_background
            )
        if not in_background:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def run_here(self, call: Call) -> dict[str, t.Any] | None:
        """Run a module in this process; None where that is not possible."""
        controller = controller_module()
        if controller is None:
            return None
        result: dict[str, t.Any] = controller.run(self._invocation(call, controller))
        return result

    def _invocation(self, call: Call, controller: ModuleType) -> t.Any:
        return controller.Invocation(
            module=call.module,
            name=call.name,
            arguments=call.arguments,
            environment=self._environment(),
            check_mode=bool(self._task.check_mode),
            diff=bool(self._task.diff),
        )

    def _environment(self) -> dict[str, t.Any]:
        """The variables of the play, the blocks and the task: the inner ones win."""
        listed = self._task.environment if isinstance(self._task.environment, list) else [self._task.environment]
        variables: dict[str, t.Any] = {}
        for each in listed:
            if each:
                variables.update(self._templar.template(each))
        return variables
