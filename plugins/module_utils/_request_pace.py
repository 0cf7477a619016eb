# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""How fast requests may go: a token bucket whose rate is given, or learnt from the answers that say "too fast"."""

from __future__ import annotations

import threading
import time
import typing as t
from collections import deque
from dataclasses import dataclass, field

if t.TYPE_CHECKING:
    from collections.abc import Callable

LEAST = 4.0
"""Requests a second below which no refusal slows us, when nothing is known: what is refused then is refused whatever the pace is."""
LEAST_OF_MOST = 0.25
"""The same as a part of what is known to be allowed. Others may use some of it."""
BACK_OFF = 0.85
"""What is left of the rate after a refusal."""
SLIGHT_BACK_OFF = 0.97
"""The same when none came for as long as C(RARE): the limit is where it was, and requests arrived closer together than they were sent."""
RARE = 5.0
"""Seconds without a refusal before one that is rare."""
RISE = 0.05
"""How much of the rate comes back in each second without a refusal, as long as it is well below what was refused."""
PROBE = 0.002
"""How much more is tried in each second after that: the server may allow more by now."""
PATIENCE = 20.0
"""Seconds without a refusal after which twice as much is tried."""
NEAR = 0.94
"""Which part of the refused rate is near it."""
MARGIN = 0.98
"""Which part of a rate is sent: the server's seconds begin at other moments than ours."""
SETTLING = 1.0
"""Seconds within which several refusals count as one: they answer requests that were sent together."""
WINDOW = 1.0
"""Seconds over which the present rate is measured: servers count by the second."""


@dataclass
class Pace:
    """Shared by all threads that send to one server.

    :param rate: requests a second; None as long as the server has not refused one.
    :param most: what the server is known to allow; a learnt rate never rises above it.
    """

    rate: float | None = None
    most: float | None = None
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    refusals: int = field(default=0, init=False)
    _next: float = field(default=0.0, init=False)
    _refused_at: float = field(default=0.0, init=False)
    _risen_at: float = field(default=0.0, init=False)
    _too_fast: float = field(default=0.0, init=False)
    _sent: deque[float] = field(default_factory=deque, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __post_init__(self) -> None:
        self.most = self.rate if self.most is None else self.most

    def wait(self) -> None:
        """Return when the next request may be sent."""
        with self._lock:
            now = self.clock()
            self._sent.append(now)
            while self._sent and now - self._sent[0] > WINDOW:
                self._sent.popleft()
            if self.rate is None:
                return
            self._rise(now)
            # Nothing is saved up for a burst: the server counts by the second, and bursts are what it refuses.
            turn = max(now, self._next)
            self._next = turn + 1 / (self.rate * MARGIN)
        if turn > now:
            self.sleep(turn - now)

    def refused(self) -> None:
        """The server answered that requests come too fast."""
        with self._lock:
            now = self.clock()
            self.refusals += 1
            if self._refused_at and now - self._refused_at < SETTLING:
                return
            self._too_fast = len(self._sent) / WINDOW if self.rate is None else self.rate
            is_rare = self.rate is not None and now - self._refused_at > RARE
            self.rate = max(self._least(), (SLIGHT_BACK_OFF if is_rare else BACK_OFF) * self._too_fast)
            self._refused_at = self._risen_at = now
            self._next = now + 1 / self.rate

    def _least(self) -> float:
        return LEAST if self.most is None else LEAST_OF_MOST * self.most

    def _rise(self, now: float) -> None:
        if not self._refused_at or self.rate is None:
            return
        seconds = now - self._risen_at
        if seconds >= SETTLING:
            self._risen_at = now
            probe = PROBE * (1 + (now - self._refused_at) / PATIENCE)
            rate = self.rate * (1 + (RISE if self.rate < NEAR * self._too_fast else probe) * seconds)
            self.rate = rate if self.most is None else min(rate, self.most)
