# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several resources share their rounds of reads, and a failure reaches the one that asked."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _reading
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import attempt_concurrently
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._reading import Reading, read, read_together


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many reads each round had."""
    sizes: list[int] = []

    def counted(reads: t.Any) -> t.Any:
        sizes.append(len(reads))
        return attempt_concurrently(reads)

    monkeypatch.setattr(_reading, "attempt_concurrently", counted)
    return sizes


def number(value: int) -> t.Callable[[], int]:
    return lambda: value


def broken() -> t.NoReturn:
    raise ValueError("lost")


def adding(*steps: dict[str, int]) -> Reading[int]:
    """Reads each step's numbers in a round of its own."""
    total = 0
    for step in steps:
        found = yield {name: number(value) for name, value in step.items()}
        total += sum(found.values())
    return total


def test_rounds_are_shared(rounds: list[int]) -> None:
    states = read_together([adding({"a": 1, "b": 2}), adding(), adding({"a": 10}, {"a": 100}), adding({}, {"a": 5})])
    assert states == [3, 0, 110, 5]
    assert rounds == [3, 2]


def test_one_alone(rounds: list[int]) -> None:
    assert read(adding({"a": 1}, {"b": 2})) == 3
    assert rounds == [1, 1]


def test_a_failure_is_the_askers(rounds: list[int]) -> None:
    def surviving() -> Reading[str]:
        try:
            yield {"a": broken}
        except ValueError as error:
            return str(error)
        return "nothing"

    assert read_together([surviving(), adding({"a": 1})]) == ["lost", 1]
    assert rounds == [2]


def test_the_first_failure_is_raised() -> None:
    def failing(error: Exception) -> Reading[int]:
        def fail() -> t.NoReturn:
            raise error

        yield {"a": number(1), "b": fail}
        return 0

    with pytest.raises(KeyError):
        read_together([adding({"a": 1}), failing(KeyError("first")), failing(ValueError("second"))])


def test_an_exception_that_is_an_answer_is_an_answer() -> None:
    def asking() -> Reading[bool]:
        found = yield {"a": lambda: ValueError("an answer")}
        return isinstance(found["a"], ValueError)

    assert read(asking())
