# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print what a run did, or would do. The documentation is in plugins/modules/mlflow_server_summary.py."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._summing_up import sum_up

ARGUMENTS: dict[str, t.Any] = {
    "resources": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "kind": {"type": "str", "required": True},
            "name": {"type": "str", "required": True},
            "result": {"type": "dict", "required": True},
        },
    },
    "outputs_folder": {"type": "path"},
    "warnings": {"type": "list", "elements": "str", "default": []},
}


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no type information
    """One call prints one host's summary, and states its outputs."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Print the summary and return it."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)
        host = str((task_vars or {}).get("inventory_hostname", ""))
        told = sum_up(
            host, arguments["resources"], arguments["outputs_folder"], arguments["warnings"], self._task.check_mode
        )
        return {**result, "changed": False, **told}
