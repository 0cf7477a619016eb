# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plugin of pytest that collects the tests once, and judges each mutant in a fork of that process.

So a mutant costs what its tests cost, and no start of pytest. Only tests that go through its function are asked, and properties
only about what survives all other tests: with few examples, and no time to make them smaller.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import json
import os
import resource
import signal
import typing as t

import hypothesis
import pytest
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mutation.mutants import Mutant

KILLED, SURVIVED, TIMEOUT, UNTESTED = "killed", "survived", "timeout", "no tests"
EXAMPLES = 15
LIMIT = 20
"""Seconds of CPU after which a mutant runs forever; all tests of one function take less than two."""
STATISTICS = "stats"
"""The name by which functions tell that they are called."""

hypothesis.settings.register_profile(
    "mutation",
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
    suppress_health_check=list(hypothesis.HealthCheck),
)
hypothesis.settings.load_profile("mutation")


class Judge:
    """Judges these mutants, so many at a time, and tells what became of each."""

    def __init__(self, mutants: Sequence[Mutant], processes: int, told: Callable[[Mutant, str], None]) -> None:
        self.mutants = mutants
        self._processes = processes
        self._told = told
        self._running: dict[int, Callable[[int], object]] = {}
        self._found: set[str] = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In the place of pytest's own loop over the tests."""
        if session.testsfailed:
            raise session.Interrupted("tests cannot be collected")
        items = [item for item in session.items if isinstance(item, pytest.Function)]
        asked = _asked(items)
        gc.collect()
        gc.disable()  # in a fork it would copy the memory that is shared
        gc.freeze()
        properties = {number for number, item in enumerate(items) if hypothesis.is_hypothesis_test(item.obj)}
        self._require_passing(items, asked)
        for mutant in self.mutants:
            self._told(mutant, SURVIVED if mutant.function in asked else UNTESTED)
        for suite in (set(range(len(items))) - properties, properties):
            for mutant in self.mutants:
                numbers = [number for number in asked.get(mutant.function, ()) if number in suite]
                if numbers and mutant.name not in self._found:
                    self._start(
                        mutant.name, [items[number] for number in numbers], functools.partial(self._tell, mutant)
                    )
            self._wait_for_all()
        return True

    def _require_passing(self, items: Sequence[pytest.Function], asked: Mapping[str, list[int]]) -> None:
        """A test that fails without those that ran before it would kill every mutant."""
        functions = {mutant.function for mutant in self.mutants} & asked.keys()
        for numbers in sorted({tuple(asked[function]) for function in functions}):
            tests = [items[number] for number in numbers]
            self._start(None, tests, functools.partial(_require_success, tests[0].nodeid))
        self._wait_for_all()

    def _tell(self, mutant: Mutant, code: int) -> None:
        if code > 1:
            raise RuntimeError(f"{mutant.name} could not be judged")
        if code:
            self._found.add(mutant.name)
            self._told(mutant, KILLED if code == 1 else TIMEOUT)

    def _start(self, mutant: str | None, items: Sequence[pytest.Function], told: Callable[[int], object]) -> None:
        while len(self._running) >= self._processes:
            self._wait()
        child = os.fork()
        if not child:
            _judge(mutant, items)
        self._running[child] = told

    def _wait(self) -> None:
        child, status = os.wait()
        self._running.pop(child)(os.waitstatus_to_exitcode(status))

    def _wait_for_all(self) -> None:
        while self._running:
            self._wait()


def _require_success(first: str, code: int) -> None:
    if code:
        raise pytest.UsageError(f"without a mutant, and alone, the tests fail that begin with {first}")


def _asked(items: Sequence[pytest.Function]) -> Mapping[str, list[int]]:
    """The numbers of the tests that go through each function. A fork finds out: tests leave traces in a process."""
    reading, writing = os.pipe()
    if not os.fork():
        os.close(reading)
        with contextlib.suppress(BaseException), os.fdopen(writing, "w") as pipe:
            json.dump(_calls(items), pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    os.wait()
    asked: dict[str, list[int]] | str = json.loads(told or '"a test"')
    if isinstance(asked, str):
        raise pytest.UsageError(f"{asked} fails without a mutant")
    return asked


def _calls(items: Sequence[pytest.Function]) -> dict[str, list[int]] | str:
    """The numbers of the tests by function, or the name of the one that fails."""
    set_mutant_under_test(STATISTICS)
    asked: dict[str, list[int]] = {}
    for number, item in enumerate(items):
        if not _passes(item, items[number + 1 : number + 2]):
            return item.nodeid
        for function in state()._stats:
            asked.setdefault(function, []).append(number)
        state()._stats.clear()
    return asked


def _judge(mutant: str | None, items: Sequence[pytest.Function]) -> t.NoReturn:
    """End this process with 1 when a test notices the mutant."""
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(LIMIT * 30)
    code = 2
    try:
        set_mutant_under_test(mutant)
        code = int(not all(_passes(item, items[number + 1 : number + 2]) for number, item in enumerate(items)))
    finally:
        os._exit(code)


def _passes(item: pytest.Function, following: Sequence[pytest.Function]) -> bool:
    """Run one test as pytest does, but for the report, which takes longer than most tests."""
    item._initrequest()
    try:
        item.session._setupstate.setup(item)
        item.runtest()
        item.session._setupstate.teardown_exact(following[0] if following else None)
    except pytest.skip.Exception:
        return True
    except (Exception, SystemExit, pytest.fail.Exception):
        return False
    return True
