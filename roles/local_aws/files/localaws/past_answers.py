# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How reads were answered the last time: what a copy of the state that lags behind would still say."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from localaws.protocol_errors import Answer

MEMORY_LIMIT = 1000  # requests
_LARGEST = 64 * 1024  # bytes of an answer that is kept


def request_key(environ: Mapping[str, Any], body: bytes) -> Hashable:
    """What makes two requests the same, whoever signed them and when."""
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    return environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("QUERY_STRING", ""), target, body


class PastAnswers:
    """The last answer to each read."""

    def __init__(self) -> None:
        self._answers: OrderedDict[Hashable, Answer] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Answer | None:
        """The last answer; None when this was never asked, or too long ago."""
        with self._lock:
            return self._answers.get(key)

    def keep(self, key: Hashable, answer: Answer) -> None:
        if len(answer.body) > _LARGEST:
            return
        with self._lock:
            self._answers[key] = answer
            self._answers.move_to_end(key)
            if len(self._answers) > MEMORY_LIMIT:
                self._answers.popitem(last=False)

    def dump(self) -> list[tuple[Hashable, Answer]]:
        """All of them, oldest first."""
        with self._lock:
            return list(self._answers.items())

    def load(self, saved: list[tuple[Hashable, Answer]]) -> None:
        """Know these, and no others."""
        with self._lock:
            self._answers = OrderedDict(saved)

    def clear(self) -> None:
        self.load([])
