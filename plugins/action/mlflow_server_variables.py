# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check the variables of the role. The documentation is in plugins/modules/mlflow_server_variables.py."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._checked_variables import checked
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._where_modules_run import leave_word


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no type information
    """One call checks one host's variables, each of which is rendered once."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Fail with everything that is wrong."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        self.validate_argument_spec(argument_spec={})
        found = checked(self._templar.template, task_vars or {})
        leave_word(self, task_vars or {})
        return {**result, "changed": False, "without_meaning": found.without_meaning}
