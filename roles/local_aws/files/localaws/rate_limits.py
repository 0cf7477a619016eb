# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many requests a service takes: a bucket of tokens for each, as AWS throttles its control planes."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class RateLimits:
    """A request takes a token. Tokens come back with the rate, up to the burst."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}  # tokens, and when there were so many

    def admit(self, service: str, limits: Mapping[str, Mapping[str, float]], now: float | None = None) -> bool:
        """Whether this request is served.

        :param limits: C(rate) in requests a second and C(burst), by service; a service that is not in it has no limit.
        """
        limit = limits.get(service)
        if limit is None:
            return True
        moment = time.monotonic() if now is None else now
        with self._lock:
            tokens, since = self._buckets.get(service, (limit["burst"], moment))
            tokens = min(limit["burst"], tokens + (moment - since) * limit["rate"])
            is_admitted = tokens >= 1
            self._buckets[service] = (tokens - 1 if is_admitted else tokens, moment)
        return is_admitted

    def clear(self) -> None:
        """Full buckets again."""
        with self._lock:
            self._buckets.clear()
