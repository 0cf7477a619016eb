# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Reading the next thing while the last one is used."""

from __future__ import annotations

import typing as t
from concurrent.futures import ThreadPoolExecutor

if t.TYPE_CHECKING:
    from collections.abc import Iterator

Item = t.TypeVar("Item")

_END: t.Any = object()


class ReadAhead(t.Generic[Item]):
    """The same items. One of them is read before it is asked for, the first one at once; what fails is raised in its place."""

    def __init__(self, items: Iterator[Item]) -> None:
        self._items = items
        self._reader = ThreadPoolExecutor(1)
        self._upcoming = self._reader.submit(next, items, _END)

    def __iter__(self) -> ReadAhead[Item]:
        return self

    def __next__(self) -> Item:
        item = self._upcoming.result()
        if item is _END:
            self._reader.shutdown()
            raise StopIteration
        self._upcoming = self._reader.submit(next, self._items, _END)
        return item
