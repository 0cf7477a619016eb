# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print what a run did, or would do. The documentation is in plugins/modules/mlflow_server_summary.py."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _outputs, _summary
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._written_files import compare_and_write

if t.TYPE_CHECKING:
    from collections.abc import Mapping

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
        lines = [
            line
            for resource in arguments["resources"]
            if (line := _summary.line(resource["kind"], resource["name"], resource["result"]))
        ]
        outputs, written = self._state(arguments, host) if arguments["outputs_folder"] else ({}, {})
        shown = _outputs.shown(outputs, is_app=any(line.kind == "App" for line in lines))
        summary = _summary.render(lines, shown, planned=self._task.check_mode)
        Display().display("\n".join(["", f"{host}", *summary, ""]))
        for warning in arguments["warnings"]:
            Display().warning(warning)
        return {**result, **written, "changed": False, "summary": summary, "counts": _summary.counts(lines)}

    def _state(self, arguments: Mapping[str, t.Any], host: str) -> tuple[dict[str, t.Any], dict[str, t.Any]]:
        """The outputs, and the keys of the result about them. The files mirror the environment, so they are no change."""
        results = {each["kind"]: each["result"] for each in arguments["resources"] if not each["result"].get("skipped")}
        bucket = next(each["name"] for each in arguments["resources"] if each["kind"] == "bucket")
        folder = Path(arguments["outputs_folder"])
        outputs = _outputs.stated(results, bucket)
        written = compare_and_write(folder, lambda: _outputs.files(folder, host, outputs), self._task.check_mode)
        return outputs, {"paths": written["paths"], "outputs": outputs}
