# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Take a role once for a whole run. The documentation is in plugins/modules/mlflow_server_session.py."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._taken_role import take

ARGUMENTS: dict[str, t.Any] = {
    "role_arn": {"type": "str", "required": True},
    "external_id": {"type": "str", "no_log": True},
    "session_name": {"type": "str", "default": "mlops.sagemaker_mlflow"},
    "duration_seconds": {"type": "int", "default": 3600},
    "region": {"type": "str"},
    "environment": {"type": "dict", "default": {}},
}


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no type information
    """One call for a host; hosts with the same role and the same credentials share a session."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Take the role unless this run has done so already; the result has no secret."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)
        return {**result, "changed": False, **take(arguments, self._connection.transport == "local")}
