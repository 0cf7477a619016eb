# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any bucket and any wish for it: the preview is the truth, the wish is reached, and what others set survives."""

from __future__ import annotations

import typing as t

import pytest
from properties.bucket_held import bucket_held
from properties.bucket_subject import BucketSubject
from properties.bucket_wishes import ALIAS, BUCKET, KEYS, LOGS, STEPS
from properties.contract import Contract
from properties.proof import PARTS, prove

if t.TYPE_CHECKING:
    from properties.world import World


def begin(world: World) -> None:
    """The account before the first step."""
    world.empty()
    world.keys(KEYS, {ALIAS: KEYS[0]})
    furnish(world)


def furnish(world: World) -> None:
    """What the wishes speak of, beside the keys."""
    for name in LOGS:
        world.client("s3").create_bucket(Bucket=name)


def contract_of(world: World) -> Contract:
    """The contract of the module."""
    s3 = world.client("s3")
    begin(world)
    new = bucket_held(s3, LOGS[0])
    assert new is not None
    return Contract(BucketSubject(s3, new), world.modules)


def edit(world: World, operation: str, parameters: dict[str, t.Any]) -> None:
    """What somebody else does."""
    world.edit("s3", operation, {"Bucket": BUCKET, **parameters})


@pytest.mark.parametrize("part", PARTS)
def test_every_example_holds_the_contract(world: World, part: int) -> None:
    prove(world, contract_of(world), STEPS, begin, edit, part)
