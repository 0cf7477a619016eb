# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the outputs of a deployment. The documentation is in plugins/modules/mlflow_server_outputs.py."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _outputs
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._written_files import WrittenFilesAction

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class ActionModule(WrittenFilesAction):
    """One call writes one host's files."""

    arguments: t.ClassVar[dict[str, t.Any]] = {
        "folder": {"type": "path", "required": True},
        "name": {"type": "str", "required": True},
        "outputs": {"type": "dict"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }
    needed_to_write: t.ClassVar[list[str]] = ["outputs"]

    def files(self, arguments: Mapping[str, t.Any]) -> Sequence[_outputs.OutputFile]:
        """C(<name>.json) and C(<name>.env)."""
        outputs = arguments["outputs"] if arguments["state"] == "present" else None
        return _outputs.files(Path(arguments["folder"]), arguments["name"], outputs)
