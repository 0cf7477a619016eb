# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""How many requests to a service of AWS may be under way at once, when it throttles: a congestion window, as TCP has one.

botocore lets each throttled request wait for itself, longer each time, and gives all of them a hundred attempts together. A fleet, whose
hosts ask at the same moment, wastes most of what the service allows that way, and from some size on fails. Here they queue: as many
are under way as are answered, and nobody is refused for being one of many.
"""

from __future__ import annotations

import random
import threading
import typing as t
from collections import deque

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _limits as limits
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import is_throttling

FIRST_PAUSE, LONGEST_PAUSE = limits.THROTTLED_PAUSES


class CongestionWindow:
    """Shared by all threads that call one service. It has no limit until the service throttles.

    :param jitter: which part of a pause is waited; others who are throttled must not come back at the same moment.
    """

    def __init__(self, jitter: t.Callable[[], float] = lambda: 0.5 + random.random() / 2) -> None:
        self._jitter = jitter
        self._size: float | None = None
        self._threshold = 0.0
        self._under_way = 0
        self._sent = 0
        self._sent_before_last_refusal = 0
        self._pause = 0.0
        self._waiting: deque[threading.Event] = deque()
        self._mine = threading.local()
        self._lock = threading.Lock()

    def enter(self) -> None:
        """Return when this thread may send its request."""
        with self._lock:
            turn = None if self._holds_a_place else self._take_place()
        if turn is not None:
            turn.wait()
        with self._lock:
            self._sent += 1
            self._mine.place = self._sent

    def answered(self) -> None:
        """The service took the request: more may be under way. As in TCP one more for each, later one more a round trip."""
        with self._lock:
            if self._pause:
                self._pause = self._pause / 2 if self._pause > FIRST_PAUSE else 0.0
            elif self._size is not None:
                self._size += 1 if self._size < self._threshold else 1 / self._size
            self._leave()

    def refused(self) -> float:
        """The service throttled the request, which will be sent again; the seconds to wait before that."""
        with self._lock:
            # Of requests that were under way together, one refusal says as much as all.
            if self._mine.place > self._sent_before_last_refusal:
                self._shrink()
            if self._under_way > t.cast("float", self._size):
                self._leave()
                return 0.0
            return self._pause * self._jitter()

    def left(self) -> None:
        """This thread waits for no answer any more, however that came."""
        with self._lock:
            self._leave()

    @property
    def _holds_a_place(self) -> bool:
        return getattr(self._mine, "place", None) is not None

    def _take_place(self) -> threading.Event | None:
        """What tells when it is there; None when it is there now."""
        if self._is_free and not self._waiting:
            self._under_way += 1
            return None
        turn = threading.Event()
        self._waiting.append(turn)
        return turn

    @property
    def _is_free(self) -> bool:
        return self._size is None or self._under_way < int(self._size)

    def _shrink(self) -> None:
        if self._size is None:
            self._threshold = self._under_way / 2
            self._size = 1.0
        else:
            if self._size < 2:
                self._pause = min(LONGEST_PAUSE, 2 * self._pause or FIRST_PAUSE)
            self._threshold = self._size = max(1.0, self._size / 2)
        self._sent_before_last_refusal = self._sent

    def _leave(self) -> None:
        if self._holds_a_place:
            self._mine.place = None
            self._under_way -= 1
        while self._waiting and self._is_free:
            self._under_way += 1
            self._waiting.popleft().set()


def share(client: t.Any, window: CongestionWindow, attempts: int) -> None:
    """Send the requests of a client through this window.

    :param attempts: how often a throttled request is sent.
    """

    def on_end(attempts_made: int, response: tuple[t.Any, t.Mapping[str, t.Any]] | None) -> float | None:
        """What botocore asks after each attempt: in how many seconds to repeat it. None: it decides for itself."""
        parsed = {} if response is None else response[1]
        code = parsed.get("Error", {}).get("Code", "")
        if is_throttling(code):
            pause = window.refused()
            if attempts_made < attempts:
                return pause
        elif response is not None:
            window.answered()
        window.left()
        return None

    events = client.meta.events
    service = client.meta.service_model.service_id.hyphenize()
    events.register_last(f"before-send.{service}", lambda **_event: window.enter())
    events.register_first(f"needs-retry.{service}", lambda attempts, response, **_event: on_end(attempts, response))
    # An answer that cannot be read ends a request without that question.
    events.register(f"after-call-error.{service}", lambda **_event: window.left())
