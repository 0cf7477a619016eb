# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print and write the set-up of clients. The documentation is in plugins/modules/mlflow_server_clients.py."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible.utils.display import Display

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _client_setup, _outputs
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._written_files import WrittenFilesAction

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class ActionModule(WrittenFilesAction):
    """One call writes one host's folder."""

    arguments: t.ClassVar[dict[str, t.Any]] = {
        "folder": {"type": "path", "required": True},
        "tracking_uri": {"type": "str"},
        "mlflow_version": {"type": "str"},
        "environment": {"type": "dict", "default": {}},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }
    needed_to_write: t.ClassVar[list[str]] = ["tracking_uri", "mlflow_version"]
    keeps_folder: t.ClassVar[bool] = False

    _wish: _client_setup.ClientSetup | None = None

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Write the files, and show them on the terminal."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        if self._wish is None:
            return result
        host, folder = (task_vars or {}).get("inventory_hostname", ""), Path(result["paths"][0]).parent
        Display().display(f"\n{host}: {_client_setup.rendered(self._wish, str(folder))}\n")
        return {**result, "requirements": list(self._wish.requirements)}

    def files(self, arguments: Mapping[str, t.Any]) -> Sequence[_outputs.OutputFile]:
        """Every file of the folder."""
        folder = Path(arguments["folder"])
        if arguments["state"] == "absent":
            return _outputs.compared(folder, dict.fromkeys(_client_setup.FILES))
        self._wish = _client_setup.setup(
            arguments["tracking_uri"], arguments["mlflow_version"], arguments["environment"]
        )
        return _outputs.compared(folder, _client_setup.contents(self._wish))
