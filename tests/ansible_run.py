# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a command of Ansible in a folder of its own, against a local AWS, as a user of the collection does."""

from __future__ import annotations

import os
import subprocess
import sys
import typing as t
from dataclasses import dataclass
from pathlib import Path

from local_region import REPOSITORY

if t.TYPE_CHECKING:
    from local_region import LocalRegion

TOOLS = Path(sys.executable).parent
LIMIT = 180


@dataclass
class Done:
    """What a command printed, and what it asked AWS."""

    code: int
    output: str
    errors: str
    calls: list[str]

    @property
    def warnings(self) -> str:
        """What it printed on standard error, on one line."""
        return " ".join(self.errors.split())


def run(region: LocalRegion, folder: Path, tool: str, *arguments: str, **variables: str) -> Done:
    """One run to its end."""
    region.clear_log()
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "ANSIBLE_"))},
        **region.environment,
        "PWD": str(folder),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_COLLECTIONS_PATH": str(REPOSITORY / "playbooks" / "collections"),
        **variables,
    }
    done = subprocess.run(
        [str(TOOLS / tool), *arguments],
        cwd=folder,
        env=environment,
        text=True,
        capture_output=True,
        timeout=LIMIT,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr, region.calls())
