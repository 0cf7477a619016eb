# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet that AWS throttles: everybody is answered, nearly as fast as the service allows, and few requests are wasted."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _limits as limits
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._congestion_window import CongestionWindow
from localaws.rate_limits import RateLimits

LIMIT = 20.0
"""Seconds after which a test that waits for nothing ends."""


@dataclass
class Service:
    """Takes so many requests a second, and so many at once, at some distance."""

    rate: float
    burst: float
    distance: float
    window: CongestionWindow = field(default_factory=CongestionWindow)
    buckets: RateLimits = field(default_factory=RateLimits)
    attempts: list[int] = field(default_factory=list)

    def ask(self, _number: int = 0) -> None:
        """One request, sent until it is answered."""
        sent = 0
        while True:
            self.window.enter()
            sent += 1
            time.sleep(self.distance / 2)
            is_admitted = self.buckets.admit("iam", {"iam": {"rate": self.rate, "burst": self.burst}})
            time.sleep(self.distance / 2)
            if is_admitted:
                self.window.answered()
                self.attempts.append(sent)
                return
            time.sleep(self.window.refused())


@pytest.mark.parametrize(
    ("requests", "rate", "burst", "distance"),
    [(100, 50, 40, 0.08), (60, 50, 10, 0.005), (60, 50, 10, 0.2), (12, 5, 4, 0.02), (300, 200, 50, 0.03)],
)
def test_a_crowd_is_served_about_as_fast_as_the_service_allows(
    requests: int, rate: float, burst: float, distance: float
) -> None:
    service = Service(rate, burst, distance)
    begun = time.monotonic()
    with ThreadPoolExecutor(requests) as pool:
        list(pool.map(service.ask, range(requests)))
    took, best = time.monotonic() - begun, (requests - burst) / rate + distance
    assert len(service.attempts) == requests
    assert max(service.attempts) <= limits.THROTTLED_ATTEMPTS
    assert sum(service.attempts) <= 4 * requests
    assert took < 1.5 * best + 1, "too much of what the service allows was left unused"


class Other:
    """A thread of its own, which does what it is told to."""

    def __init__(self, window: CongestionWindow) -> None:
        self._window = window
        self._orders: queue.Queue[str] = queue.Queue()
        self._results: queue.Queue[float | None] = queue.Queue()
        threading.Thread(target=self._work, daemon=True).start()

    def does(self, what: str) -> float | None:
        self._orders.put(what)
        return self._results.get(timeout=LIMIT)

    def enters(self) -> bool:
        """Whether it may send now. Where not, it goes on waiting."""
        self._orders.put("enter")
        return self.may_send()

    def may_send(self) -> bool:
        with contextlib.suppress(queue.Empty):
            self._results.get(timeout=0.1)
            return True
        return False

    def _work(self) -> None:
        while True:
            self._results.put(getattr(self._window, self._orders.get())())


def crowd(window: CongestionWindow, number: int) -> list[Other]:
    made = [Other(window) for _number in range(number)]
    assert all(each.enters() for each in made), "nobody is kept back before a refusal"
    return made


def test_after_a_refusal_one_goes_at_a_time_and_then_more() -> None:
    window = CongestionWindow()
    first, second, third, fourth = crowd(window, 4)
    assert second.does("refused") == 0
    assert not second.enters(), "three are still under way"
    for each in (first, third, fourth):
        each.does("answered")
    assert second.may_send()
    assert [first.enters(), third.enters()] == [True, False], "half as many as before, and more only after more answers"


def test_requests_that_were_under_way_together_are_refused_once() -> None:
    window = CongestionWindow(jitter=lambda: 1.0)
    first, *others = crowd(window, 3)
    assert [each.does("refused") for each in (*others, first)] == [0, 0, 0]
    assert first.enters()
    assert first.does("refused") == limits.THROTTLED_PAUSES[0], "alone, and refused again"


def test_who_is_refused_alone_waits_longer_each_time_and_less_after_an_answer() -> None:
    window = CongestionWindow(jitter=lambda: 1.0)
    pauses = []
    for _number in range(10):
        window.enter()
        pauses.append(window.refused())
    first, longest = limits.THROTTLED_PAUSES
    assert pauses == [0, *(min(longest, first * 2**number) for number in range(9))]
    window.enter()
    window.answered()
    window.enter()
    assert window.refused() == longest, "half of it, and doubled again"


@pytest.mark.parametrize("end", ["answered", "left"])
def test_a_place_is_given_back_once(end: str) -> None:
    window = CongestionWindow()
    first, second, third = crowd(window, 3)
    first.does("refused")
    second.does("left")
    third.does(end)
    third.does("left")
    third.does("left")
    assert [first.enters(), second.enters(), third.enters()] == [True, end == "answered", False]
