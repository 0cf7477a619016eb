# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check the variables of the role. The documentation is in plugins/modules/mlflow_server_variables.py."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _variable_rules as rules
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils import _role_specification as specification
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._where_modules_run import leave_word

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FACTS = ["mlflow_server_outputs"]
"""What the role itself sets under its prefix."""


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no type information
    """One call checks one host's variables, each of which is rendered once."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Fail with everything that is wrong."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        self.validate_argument_spec(argument_spec={})
        variables = task_vars or {}
        given = [name for name in variables if name.startswith(rules.PREFIX)]
        _refuse(rules.about_names(given, [*specification.OPTIONS, *FACTS]))
        values = self._rendered(variables)
        _refuse([*rules.about_forms(values, specification.OPTIONS), *specification.errors(values)])
        _refuse(rules.about_meaning(values))
        leave_word(self, variables)
        return {**result, "changed": False, "without_meaning": rules.about_kind(values, specification.OPTIONS)}

    def _rendered(self, variables: Mapping[str, t.Any]) -> dict[str, t.Any]:
        values, wrong = {}, []
        for name in specification.OPTIONS:
            try:
                values[name] = _plain(self._templar.template(variables.get(name)))
            except AnsibleError as error:
                wrong.append(f"{name} cannot be rendered: {str(error).rstrip('.')}.")
        _refuse(wrong)
        return values


def _refuse(wrong: Sequence[str]) -> None:
    if wrong:
        raise AnsibleActionFail(" ".join(wrong))


def _plain(value: t.Any) -> t.Any:
    """The value with everything in it, which newer versions of Ansible render only when it is looked at."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, (list, tuple)) else value
