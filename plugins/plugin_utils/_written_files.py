# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Write files on the machine that runs Ansible: compare, tell, and write only what differs."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._outputs import OutputFile


class WrittenFilesAction(ActionBase):  # type: ignore[misc]  # ansible-core has no type information
    """An action whose whole effect is files in the folder that its argument C(folder) names."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    arguments: t.ClassVar[dict[str, t.Any]]
    """The argument specification."""
    needed_to_write: t.ClassVar[list[str]]
    """The arguments that C(state: present) needs."""
    keeps_folder: t.ClassVar[bool] = True
    """Whether the folder stays when it is empty."""

    def files(self, arguments: Mapping[str, t.Any]) -> Sequence[OutputFile]:
        """The files, compared with what is there. Raises MlflowError for arguments that do not fit."""
        raise NotImplementedError

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Compare, and write what differs unless in check mode."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(
            argument_spec=self.arguments, required_if=[("state", "present", self.needed_to_write)]
        )
        folder = Path(arguments["folder"])
        written = compare_and_write(folder, lambda: self.files(arguments), self._task.check_mode)
        if not self._task.check_mode and not self.keeps_folder and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
        return {**result, **written}


def compare_and_write(folder: Path, compare: Callable[[], Sequence[OutputFile]], check_mode: bool) -> dict[str, t.Any]:
    """Write what differs unless in check mode; the keys C(changed), C(diff) and C(paths) of a result.

    :param compare: gives the files of the folder, compared with what is there.
    """
    try:
        files = compare()
        different = [file for file in files if file.differs]
        for file in different:
            if not check_mode:
                file.apply()
    except MlflowError as error:
        raise AnsibleActionFail(error.message) from error
    except OSError as error:
        raise AnsibleActionFail(f"The files cannot be written to {folder}: {error}. Set another folder.") from error
    return {
        "changed": bool(different),
        "diff": [file.diff() for file in different],
        "paths": [str(file.path) for file in files],
    }
