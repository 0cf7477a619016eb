# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Strategies that choose from pools of values: one draw a value, so that drawing an example costs less than checking it."""

from __future__ import annotations

import itertools
import random
import typing as t

from hypothesis import strategies as st

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Parameters = dict[str, t.Any]
Edit = tuple[str, Parameters]
LEFT_OUT = object()


def options(pools: dict[str, Sequence[t.Any]]) -> st.SearchStrategy[Parameters]:
    """Any of these options, each left out two times of three (what purges: every other time), else with a value of its pool."""
    chosen = [
        st.sampled_from([LEFT_OUT] * (1 if name.startswith("purge") else 2) * len(pool) + list(pool))
        for name, pool in pools.items()
    ]
    return st.tuples(*chosen).map(
        lambda values: {name: value for name, value in zip(pools, values, strict=True) if value is not LEFT_OUT}
    )


def mixed(*parts: Iterable[t.Any], most: int = 60) -> list[tuple[t.Any, ...]]:
    """Combinations of these parts, always the same: all of them, or some when they are many."""
    every = list(itertools.product(*parts))
    return every if len(every) <= most else random.Random(0).sample(every, most)


def lists(pool: Sequence[t.Any], key: str, longest: int, most: int = 60) -> list[list[t.Any]]:
    """Lists of different members of the pool (by what they have under the key, if there is one), always the same ones."""
    chosen = random.Random(0)
    found: list[list[t.Any]] = [[]]
    for _number in range(most):
        members: dict[str, t.Any] = {}
        for member in chosen.sample(list(pool), chosen.randint(1, longest)):
            members.setdefault(str(member.get(key, member) if key else member), member)
        found.append(list(members.values()))
    return found


def edits(pools: dict[str, Sequence[Parameters]]) -> st.SearchStrategy[Edit]:
    """A call with parameters of its pool."""
    calls = {operation: st.sampled_from(list(pool)) for operation, pool in pools.items()}
    return st.sampled_from(list(calls)).flatmap(lambda operation: st.tuples(st.just(operation), calls[operation]))


def sequences(
    edit: st.SearchStrategy[tuple[str, t.Any]], wish: st.SearchStrategy[Parameters]
) -> st.SearchStrategy[t.Any]:
    """Each step: what others do, then a wish."""
    return st.lists(st.tuples(st.lists(edit, max_size=3), wish), min_size=8, max_size=12)
