# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print and write the report of an audit. The documentation is in plugins/modules/mlflow_audit_report.py."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible.utils.display import Display

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _audit_report, _outputs
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._written_files import WrittenFilesAction

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class ActionModule(WrittenFilesAction):
    """One call reports one host."""

    arguments: t.ClassVar[dict[str, t.Any]] = {
        "folder": {"type": "path", "required": True},
        "name": {"type": "str", "required": True},
        "audit": {"type": "dict"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }
    needed_to_write: t.ClassVar[list[str]] = ["audit"]

    _audit: Mapping[str, t.Any] | None = None

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Write the files, and show the table on the terminal."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        if self._audit is None:
            return result
        host = (task_vars or {}).get("inventory_hostname", "")
        Display().display("\n".join(["", f"{host}", *_audit_report.as_table(self._audit), ""]))
        return {**result, "summary": _audit_report.summary(self._audit)}

    def files(self, arguments: Mapping[str, t.Any]) -> Sequence[_outputs.OutputFile]:
        """The JSON and the Markdown file."""
        folder, name = Path(arguments["folder"]), arguments["name"]
        if arguments["state"] == "absent":
            return _outputs.compared(folder, {f"{name}-audit.{suffix}": None for suffix in ("json", "md")})
        given = arguments["audit"]
        self._audit = {key: given[key] for key in _audit_report.KEYS}
        return _outputs.compared(folder, _audit_report.file_contents(name, self._audit))
