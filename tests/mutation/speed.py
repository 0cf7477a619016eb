# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plugin of pytest that makes a mutant cheap: examples before properties, and few examples of a property, never made smaller."""

from __future__ import annotations

import typing as t

import hypothesis

if t.TYPE_CHECKING:
    import pytest

EXAMPLES = 25

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test that fails ends the run, so the quick ones come first."""
    items.sort(key=lambda item: hypothesis.is_hypothesis_test(getattr(item, "obj", None)))
