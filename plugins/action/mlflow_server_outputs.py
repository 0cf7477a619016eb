# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the outputs of a deployment. The documentation is in plugins/modules/mlflow_server_outputs.py."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _outputs

ARGUMENTS: dict[str, t.Any] = {
    "folder": {"type": "path", "required": True},
    "name": {"type": "str", "required": True},
    "outputs": {"type": "dict"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no type information
    """One call writes one host's files."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Compare, and write what differs unless in check mode."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(
            argument_spec=ARGUMENTS, required_if=[("state", "present", ["outputs"])]
        )
        outputs = arguments["outputs"] if arguments["state"] == "present" else None
        folder = Path(arguments["folder"])
        try:
            files = _outputs.files(folder, arguments["name"], outputs)
            different = [file for file in files if file.differs]
            if not self._task.check_mode:
                for file in different:
                    file.apply()
        except OSError as error:
            raise AnsibleActionFail(
                f"The outputs cannot be written to {folder}: {error}. Set another folder."
            ) from error
        return {
            **result,
            "changed": bool(different),
            "diff": [file.diff() for file in different],
            "paths": [str(file.path) for file in files],
        }
