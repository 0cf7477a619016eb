# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The variables of the role mlflow_server for one host: rendered once, and checked."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible.errors import AnsibleActionFail, AnsibleError

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _variable_rules as rules
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils import _role_specification as specification

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_variables import Variables

FACTS = ["mlflow_server_outputs"]
"""What the role itself sets under its prefix."""


@dataclass(frozen=True)
class Checked:
    """What a host may go on with.

    :param without_meaning: a sentence about variables that have no meaning for its kind of MLflow.
    """

    variables: Variables
    without_meaning: list[str]


def checked(template: Callable[[t.Any], t.Any], task_vars: Mapping[str, t.Any]) -> Checked:
    """Fail with everything that is wrong.

    :param template: renders a value.
    """
    given = [name for name in task_vars if name.startswith(rules.PREFIX)]
    _refuse(rules.about_names(given, [*specification.OPTIONS, *FACTS]))
    values = _rendered(template, task_vars)
    _refuse([*rules.about_forms(values, specification.OPTIONS), *specification.errors(values)])
    _refuse(rules.about_meaning(values))
    return Checked(rules.variables(values), rules.about_kind(values, specification.OPTIONS))


def _rendered(template: Callable[[t.Any], t.Any], task_vars: Mapping[str, t.Any]) -> dict[str, t.Any]:
    values, wrong = {}, []
    for name in specification.OPTIONS:
        try:
            values[name] = _plain(template(task_vars.get(name)))
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
