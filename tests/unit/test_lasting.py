# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The garbage collector is as it was afterwards, and what was made is none of its business."""

from __future__ import annotations

import gc

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._lasting import lasting


@pytest.mark.parametrize("collects", [True, False])
def test_the_collector_is_left_as_it_was(collects: bool) -> None:
    before, frozen = gc.isenabled(), gc.get_freeze_count()
    (gc.enable if collects else gc.disable)()
    try:
        with lasting():
            assert not gc.isenabled()
            with lasting():
                loaded: list[list[object]] = [[] for _each in range(10)]
            assert not gc.isenabled()
        assert gc.isenabled() == collects
        assert gc.get_freeze_count() >= frozen + len(loaded)
    finally:
        (gc.enable if before else gc.disable)()


def test_the_collector_is_left_as_it_was_after_a_failure() -> None:
    before = gc.isenabled()
    with pytest.raises(KeyError), lasting():
        raise KeyError
    assert gc.isenabled() == before
