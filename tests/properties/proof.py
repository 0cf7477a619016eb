# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many examples make a proof: some in C(make test), always the same ones; many more, at random, in C(make test-deep)."""

from __future__ import annotations

import os
import typing as t

from hypothesis import HealthCheck, Phase, given, settings

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis import strategies as st

    from properties.contract import Contract

Steps = list[tuple[list[tuple[str, dict[str, t.Any]]], dict[str, t.Any]]]
"""What others do, and then a wish; again and again."""
DEEP = os.environ.get("MLFLOW_TEST_PROPERTIES") == "deep"
EXAMPLES = 50_000 if DEEP else 2_000
LEAST_OF_A_SEQUENCE = 8
"""Sequences are at least so long."""


def prove(contract: Contract, sequences: st.SearchStrategy[t.Any], check: Callable[[t.Any], None]) -> None:
    """Check sequences of examples until there are enough."""
    chosen = settings(
        max_examples=EXAMPLES // LEAST_OF_A_SEQUENCE,
        derandomize=not DEEP,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    chosen(given(sequences)(check))()
    assert contract.examples >= EXAMPLES, f"only {contract.examples} examples: {contract.outcomes}"
