# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Import this collection's own files as Python imports any other: what was compiled once is kept beside them.

Ansible's loader of collections compiles each file anew in every run, which is a tenth of a run's CPU. Where nothing may be written
beside the files, Python compiles them each time, too.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import typing as t
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, SourceFileLoader

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

OURS = f"{__name__.rpartition('.plugin_utils.')[0]}."
"""What the names of all plugins of this collection begin with."""


class KeptBytecode:
    """Finds the plain files of this collection's plugins; everything else is found as before."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """See importlib.abc.MetaPathFinder."""
        folders = path if path and name.startswith(OURS) and name.count(".") > OURS.count(".") else ()
        specs = (_finder(folder).find_spec(name, target) for folder in folders)
        return next((spec for spec in specs if spec is not None and spec.loader is not None), None)


@functools.cache
def _finder(folder: str) -> FileFinder:
    return FileFinder(folder, (SourceFileLoader, SOURCE_SUFFIXES))


def keep_bytecode() -> None:
    """From now on."""
    if KeptBytecode not in sys.meta_path:
        sys.meta_path.insert(0, KeptBytecode)


@contextlib.contextmanager
def kept_bytecode() -> Iterator[None]:
    """Meanwhile: what imports a plugin finds Python's way to import as it was."""
    before = KeptBytecode in sys.meta_path
    keep_bytecode()
    try:
        yield
    finally:
        if not before:
            sys.meta_path.remove(KeptBytecode)
