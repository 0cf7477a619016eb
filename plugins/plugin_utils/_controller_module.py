# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Run one of our modules inside the controller, where it costs no new process, no archive and no imports.

The module's own code runs; this stands in for AnsibleModule: it reads the same options and returns the same result.
"""

from __future__ import annotations

import functools
import importlib
import typing as t
from dataclasses import dataclass

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator, ValidationResult
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.errors import UnsupportedError

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import MADE_OF
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._broken_values import in_words
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._progress import PLACE, VARIABLE
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._environment_variables import environment
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._plain import plain

if t.TYPE_CHECKING:
    from collections.abc import Mapping

MODULES = "ansible_collections.mlops.sagemaker_mlflow.plugins.modules"


@dataclass(frozen=True)
class Invocation:
    """What Ansible tells a module.

    :param module: the name of the file.
    :param name: as the task calls it.
    :param environment: the variables of the task, over those of the controller.
    """

    module: str
    name: str
    arguments: Mapping[str, t.Any]
    environment: Mapping[str, t.Any]
    check_mode: bool
    diff: bool


class Ended(SystemExit):
    """How a module ends, also here: the code that calls exit_json counts on not going on."""

    def __init__(self, result: dict[str, t.Any]) -> None:
        super().__init__(int(bool(result.get("failed"))))
        self.result = result


class ControllerModule:
    """What AnsibleAWSModule uses of AnsibleModule."""

    def __init__(
        self,
        invocation: Invocation,
        argument_spec: dict[str, t.Any],
        supports_check_mode: bool = False,
        **rules: t.Any,
    ) -> None:
        self.check_mode = invocation.check_mode
        self._diff = invocation.diff
        self._name = invocation.name
        self._warnings: list[str] = []
        self.params = plain(invocation.arguments)
        self.no_log_values: set[str] = set()
        self._deprecations: list[dict[str, t.Any]] = []
        validation = in_words(
            self, argument_spec, lambda: ArgumentSpecValidator(argument_spec, **rules).validate(self.params)
        )
        self.params.update(validation.validated_parameters)
        self.no_log_values = secrets_in(validation)
        self._deprecations = [dict(each) for each in getattr(validation, "_deprecations", ())]
        for each in getattr(validation, "_warnings", ()):
            self.warn(f"Both option {each['option']} and its alias {each['alias']} are set.")
        if validation.error_messages:
            self._refuse(validation)
        if self.check_mode and not supports_check_mode:
            self.exit_json(skipped=True, msg=f"remote module ({self._name}) does not support check mode")

    def warn(self, warning: str) -> None:
        """Part of the result, each once."""
        if warning not in self._warnings:
            self._warnings.append(warning)

    def exit_json(self, **result: t.Any) -> t.NoReturn:
        """End with this result, without what nobody may see."""
        result.setdefault("invocation", {"module_args": self.params})
        for key, collected in (("warnings", self._warnings), ("deprecations", self._deprecations)):
            if collected:
                result[key] = list(collected)
        kept = {key: value for key, value in result.items() if value is None or isinstance(value, bool)}
        raise Ended(plain({**remove_values(result, self.no_log_values), **kept}))

    def fail_json(self, msg: str, **result: t.Any) -> t.NoReturn:
        """End with this failure. What led to it is in its words: no traceback."""
        result.pop("exception", None)
        self.exit_json(**{**result, "failed": True, "msg": str(msg)})

    def _refuse(self, validation: ValidationResult) -> t.NoReturn:
        message = validation.errors.msg
        if isinstance(validation.errors[0], UnsupportedError):
            message = f"Unsupported parameters for ({self._name}) module: {message}"
        self.fail_json(message)


def secrets_in(validation: ValidationResult) -> set[str]:
    """The values of options that must not be shown."""
    found: set[str] = validation._no_log_values
    return set(found)


def knows_secrets() -> bool:
    """Whether this ansible-core tells them where we look for them. If it does not, the module must do this itself."""
    return isinstance(getattr(ValidationResult({}), "_no_log_values", None), set)


def run(invocation: Invocation) -> dict[str, t.Any]:
    """Run a module to its end, and return its result."""
    with environment(invocation.environment):
        return run_beside_others(invocation)


def run_beside_others(invocation: Invocation) -> dict[str, t.Any]:
    """Do so in a process that has the environment variables already, and may run other modules at the same time."""
    main = importlib.import_module(f"{MODULES}.{invocation.module}").main
    standing_in = MADE_OF.set(functools.partial(ControllerModule, invocation))
    shown_in = PLACE.set(str(invocation.environment[VARIABLE]) if VARIABLE in invocation.environment else None)
    try:
        main()
    except Ended as end:
        return end.result
    finally:
        PLACE.reset(shown_in)
        MADE_OF.reset(standing_in)
    raise RuntimeError(f"{invocation.name} ended without a result")
