# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Reading several resources at once: in each round everything that is known to be needed, by all of them.

A resource tells its reads round by round: it yields what can be read now, is sent the answers, and in the end returns
its state. So resources that know nothing of each other share their round trips.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Generator, Mapping, Sequence

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import Failed, attempt_concurrently

State = t.TypeVar("State")
Reads = Mapping[str, Callable[[], t.Any]]
Reading = Generator[Reads, dict[str, t.Any], State]


def read(reading: Reading[State]) -> State:
    """The state of one resource."""
    state: State = read_together([reading])[0]
    return state


def read_together(readings: Sequence[Reading[t.Any]]) -> list[t.Any]:
    """The states of several resources. A failed read is raised where it was asked for, of several the first."""
    states: dict[int, t.Any] = {}
    answers: dict[int, dict[str, t.Any]] = {}
    while len(states) < len(readings):
        rounds: dict[int, Reads] = {}
        for number, reading in enumerate(readings):
            if number not in states:
                _advance(number, reading, answers, rounds, states)
        asked = {(number, name): each for number, reads in rounds.items() for name, each in reads.items()}
        found = attempt_concurrently(asked) if asked else {}
        answers = {number: {name: found[number, name] for name in reads} for number, reads in rounds.items()}
    return [states[number] for number in range(len(readings))]


def _advance(
    number: int,
    reading: Reading[t.Any],
    answers: Mapping[int, dict[str, t.Any]],
    rounds: dict[int, Reads],
    states: dict[int, t.Any],
) -> None:
    """Hand a resource the answers of its last round; it asks on, or knows its state."""
    answer = answers.get(number)
    failure = next((each for each in (answer or {}).values() if isinstance(each, Failed)), None)
    try:
        if failure is not None:
            rounds[number] = reading.throw(failure.error)
        else:
            rounds[number] = next(reading) if answer is None else reading.send(answer)
    except StopIteration as end:
        states[number] = end.value
