# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many examples make a proof: some in C(make test) and more where it runs as CI, always the same ones; many more in
C(make test-deep), others each time.
"""

from __future__ import annotations

import itertools
import os
import random
import typing as t

from hypothesis import HealthCheck, Phase, given, seed, settings

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis import strategies as st
    from properties.contract import Contract
    from properties.world import World

DEEP = os.environ.get("MLFLOW_TEST_PROPERTIES") == "deep"
SEED_VARIABLE = "MLFLOW_TEST_PROPERTIES_SEED"
SEED = int(os.environ.setdefault(SEED_VARIABLE, str(random.SystemRandom().randrange(10**9) if DEEP else 0)))
"""Whoever starts the tests chooses it, and their workers inherit it."""
IN_CI = bool(os.environ.get("CI"))
"""As services that run CI set it, and C(.ci/run)."""
EXAMPLES = 50_000 if DEEP else 2_000 if IN_CI else 400
PARTS = range(20 if DEEP else 4)
"""The examples of a resource are made in parts, which run at the same time."""
LEAST_OF_A_SEQUENCE = 8
DOUBTED = 2
"""For so many sequences of the first part nothing is remembered that is not also asked again."""


def prove(
    world: World,
    contract: Contract,
    sequences: st.SearchStrategy[t.Any],
    begin: Callable[[World], None],
    edit: Callable[..., None],
    part: int,
) -> None:
    """Check the sequences of one part.

    :param begin: what there is before the first step.
    :param edit: what others do, as the sequences name it.
    """
    wanted, numbers = EXAMPLES // len(PARTS), itertools.count()

    @settings(
        max_examples=-(-wanted // LEAST_OF_A_SEQUENCE),
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
        report_multiple_bugs=False,
    )
    @seed(SEED * len(PARTS) + part)
    @given(sequences)
    def examples(steps: t.Any) -> None:
        world.answers.doubt = part == 0 and next(numbers) < DOUBTED
        begin(world)
        for edits, wish in steps:
            for each in edits:
                edit(world, *each)
            contract.hold(wish)

    try:
        examples()
    finally:
        world.answers.doubt = False
    assert contract.examples >= wanted, f"only {contract.examples} examples: {contract.outcomes}"
