# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a module of the collection as Ansible does: arguments in as JSON, one JSON document out.

Ansible runs it in a process of its own or inside the controller. The suites run the first way; with
MLFLOW_TEST_MODULES_IN=controller in the environment they run the second way, and must have the same results.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import typing as t
from dataclasses import dataclass
from unittest import mock

from ansible.module_utils import basic
from ansible.module_utils.common import warnings as module_warnings

from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils import _controller_module as controller

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from local_region import LocalRegion

PACKAGE = "ansible_collections.mlops.sagemaker_mlflow.plugins.modules"
IN_CONTROLLER = os.environ.get("MLFLOW_TEST_MODULES_IN") == "controller"


class ModuleFailedError(AssertionError):
    """The module called fail_json; C(result) is what it returned."""

    def __init__(self, result: dict[str, t.Any]) -> None:
        super().__init__(result.get("msg"))
        self.result = result


@dataclass
class Run:
    """What one run returned, and what it asked AWS."""

    result: dict[str, t.Any]
    calls: list[str]
    writes: list[str]

    @property
    def changed(self) -> bool:
        """The result's C(changed)."""
        return bool(self.result["changed"])

    @property
    def names(self) -> list[str]:
        """The names of the changes."""
        return [change["name"] for change in self.result["changes"]]


class Modules:
    """Runs modules against one local AWS and records the requests that each run makes."""

    def __init__(self, region: LocalRegion, in_controller: bool = IN_CONTROLLER) -> None:
        self.region = region
        self.in_controller = in_controller

    def run(self, module: str, *, check: bool = False, **arguments: t.Any) -> Run:
        """One run; raises ModuleFailedError when the module fails."""
        self.region.clear_log()
        name = f"mlops.sagemaker_mlflow.{module}"
        if self.in_controller:
            variables = self.region.environment
            result = controller.run(controller.Invocation(module, name, arguments, variables, check, diff=True))
        else:
            told = {"_ansible_check_mode": check, "_ansible_diff": True, "_ansible_module_name": name}
            result = self._execute(module, {**arguments, **told})
        if result.get("failed"):
            raise ModuleFailedError(result)
        return Run(result, self.region.calls(), self.region.writes())

    def converge(self, module: str, **arguments: t.Any) -> Run:
        """The contract of every state module in one go: check mode predicts what the run then does, without a write
        call; the second run changes nothing and writes nothing. Returns the real run.
        """
        check = self.run(module, check=True, **arguments)
        assert check.writes == [], "check mode wrote"
        real = self.run(module, **arguments)
        for key in ("changed", "action", "changes", "diff"):
            assert check.result[key] == real.result[key], f"check mode predicted another {key}"
        assert check.result.keys() == real.result.keys(), "check mode returned other keys"
        again = self.run(module, **arguments)
        assert not again.changed, f"the second run changed {again.names}"
        assert again.writes == [], "the second run wrote"
        return real

    def fail(self, module: str, *, check: bool = False, **arguments: t.Any) -> str:
        """Run a module that must fail, and return its message."""
        try:
            run = self.run(module, check=check, **arguments)
        except ModuleFailedError as failure:
            return str(failure.result["msg"])
        raise AssertionError(f"{module} did not fail: {run.result}")

    def _execute(self, module: str, arguments: dict[str, t.Any]) -> dict[str, t.Any]:
        output = io.StringIO()
        main = importlib.import_module(f"{PACKAGE}.{module}").main
        for collected in ("_global_warnings", "_global_deprecations"):
            # A module is a process of its own; here the warnings of the one before would be reported again.
            getattr(module_warnings, collected).clear()
        with contextlib.ExitStack() as stack:
            if hasattr(module_warnings, "_internal"):
                # Another test of this process may have loaded the controller, which prints warnings itself.
                stack.enter_context(mock.patch.object(module_warnings._internal, "is_controller", False))
            stack.enter_context(mock.patch.dict(os.environ, self.region.environment))
            stack.enter_context(_arguments(arguments))
            stack.enter_context(contextlib.redirect_stdout(output))
            stack.enter_context(contextlib.suppress(SystemExit))
            main()
        lines = [line for line in output.getvalue().splitlines() if line.startswith("{")]
        result: dict[str, t.Any] = json.loads(lines[-1])
        return result


@contextlib.contextmanager
def _arguments(arguments: dict[str, t.Any]) -> Iterator[None]:
    """Hand arguments to the next AnsibleModule, on every supported ansible-core."""
    document = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(basic, "_ANSIBLE_ARGS", document))
        if hasattr(basic, "_ANSIBLE_PROFILE"):
            stack.enter_context(mock.patch.object(basic, "_ANSIBLE_PROFILE", "legacy"))
        yield
