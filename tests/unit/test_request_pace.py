# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pace of requests: a given one is kept, an unknown one is learnt from refusals and used to the full."""

from __future__ import annotations

from collections import deque

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._request_pace import Pace


class Clock:
    """Time that passes when somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Server:
    """Takes so many requests in each second and refuses the others."""

    def __init__(self, clock: Clock, limit: float) -> None:
        self.clock, self.limit = clock, limit
        self.taken: deque[float] = deque()
        self.refused = 0

    def takes(self) -> bool:
        while self.taken and self.clock.now - self.taken[0] >= 1:
            self.taken.popleft()
        if len(self.taken) >= self.limit:
            self.refused += 1
            return False
        self.taken.append(self.clock.now)
        return True


def served(pace: Pace, server: Server, clock: Clock, seconds: float, cost: float = 0.004) -> float:
    """Requests a second that were taken, by a client that sends as fast as its pace lets it."""
    begin, taken = clock.now, 0
    while clock.now - begin < seconds:
        pace.wait()
        clock.now += cost
        if server.takes():
            taken += 1
        else:
            pace.refused()
    return taken / (clock.now - begin)


@pytest.mark.parametrize("limit", [25.0, 50.0, 100.0])
def test_a_known_limit_is_used_to_the_full_and_never_exceeded(limit: float) -> None:
    clock = Clock()
    server = Server(clock, limit)
    pace = Pace(limit, clock=clock, sleep=clock.sleep)
    assert served(pace, server, clock, 20) >= 0.95 * limit
    assert server.refused <= 1


@pytest.mark.parametrize("limit", [5.0, 25.0, 100.0])
def test_an_unknown_limit_is_learnt(limit: float) -> None:
    clock = Clock()
    server = Server(clock, limit)
    pace = Pace(clock=clock, sleep=clock.sleep)
    served(pace, server, clock, 20)
    refused = server.refused
    assert served(pace, server, clock, 60) >= 0.85 * limit
    assert (server.refused - refused) / (60 * limit) < 0.02, "it goes on running into the limit"


@pytest.mark.parametrize(("quiet", "left"), [(2, 0.85), (4.9, 0.85), (5.1, 0.97)])
def test_a_refusal_that_comes_alone_costs_little(quiet: float, left: float) -> None:
    """Requests that were sent at the right pace may arrive together."""
    clock = Clock()
    pace = Pace(25.0, clock=clock, sleep=clock.sleep)
    pace.wait()
    pace.refused()
    assert pace.rate == pytest.approx(0.97 * 25)
    clock.now += quiet
    pace.refused()
    assert pace.rate == pytest.approx(left * 0.97 * 25)


def test_without_refusals_nothing_waits() -> None:
    clock = Clock()
    pace = Pace(clock=clock, sleep=clock.sleep)
    for _number in range(1000):
        pace.wait()
    assert clock.now == 1000.0


def test_a_learnt_rate_never_rises_above_what_is_allowed() -> None:
    clock = Clock()
    pace = Pace(10.0, clock=clock, sleep=clock.sleep)
    pace.wait()
    pace.refused()
    assert pace.rate is not None and pace.rate < 10
    for _number in range(600):
        pace.wait()
    assert pace.rate == 10.0


@pytest.mark.parametrize(("rate", "least"), [(None, 4.0), (100.0, 25.0), (2.0, 0.5)])
def test_refusals_that_come_whatever_the_pace_do_not_bring_it_to_a_standstill(rate: float | None, least: float) -> None:
    """A network that fails now and then, or a quota that others use."""
    clock = Clock()
    pace = Pace(rate, clock=clock, sleep=clock.sleep)
    for _number in range(500):
        pace.wait()
        clock.now += 1.5
        pace.refused()
    assert pace.rate == least
