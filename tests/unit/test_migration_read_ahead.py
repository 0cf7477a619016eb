# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One thing is read before it is asked for, and no more than one."""

from __future__ import annotations

import threading
import typing as t

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._read_ahead import ReadAhead

if t.TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 20.0


class Pages:
    """Notes which of its pages have been read."""

    def __init__(self, number: int, breaks_at: int = -1) -> None:
        self.number, self.breaks_at = number, breaks_at
        self.read = [threading.Event() for _number in range(number)]

    def __iter__(self) -> Iterator[int]:
        for number in range(self.number):
            if number == self.breaks_at:
                raise OSError("the source is gone")
            self.read[number].set()
            yield number


@pytest.mark.parametrize("number", [0, 1, 2, 50])
def test_the_same_items_in_their_order(number: int) -> None:
    assert list(ReadAhead(iter(Pages(number)))) == list(range(number))


def test_the_first_is_read_at_once_and_the_next_while_one_is_used() -> None:
    pages = Pages(4)
    ahead = ReadAhead(iter(pages))
    assert pages.read[0].wait(PATIENCE), "nothing is read before it is asked for"
    assert next(ahead) == 0
    assert pages.read[1].wait(PATIENCE), "the next is not read while one is used"
    assert not pages.read[2].wait(0.05), "more is read than memory was meant for"
    assert list(ahead) == [1, 2, 3]


def test_a_failure_is_told_where_it_belongs() -> None:
    ahead = ReadAhead(iter(Pages(3, breaks_at=1)))
    assert next(ahead) == 0
    with pytest.raises(OSError, match="the source is gone"):
        next(ahead)
