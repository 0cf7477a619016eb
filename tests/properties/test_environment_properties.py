# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any environment and any wish for it: what the role runs foresees all parts at once, and reaches all of them or says why not."""

from __future__ import annotations

import typing as t

import pytest
from properties import test_app_properties as apps
from properties import test_bucket_properties as buckets
from properties import test_role_properties as roles
from properties import test_server_properties as servers
from properties.bucket_held import bucket_held
from properties.bucket_wishes import BUCKET, LOGS
from properties.contract import Contract
from properties.environment_subject import EnvironmentSubject
from properties.environment_wishes import STEPS
from properties.proof import PARTS, prove
from properties.role_wishes import ROLE

if t.TYPE_CHECKING:
    from properties.world import World


def begin(world: World) -> None:
    """The account before the first step: that of all parts."""
    apps.begin(world)
    buckets.furnish(world)
    roles.furnish(world)
    servers.furnish(world)


def edit(world: World, service: str, call: tuple[str, dict[str, t.Any]]) -> None:
    """What somebody else does to one of the parts."""
    operation, parameters = call
    if service == "server":
        servers.edit(world, operation, parameters)
    elif service == "app":
        apps.edit(world, operation, parameters)
    else:
        whose = {"Bucket": BUCKET} if service == "s3" else {"RoleName": ROLE}
        world.edit(service, operation, {**whose, **parameters})


def contract_of(world: World) -> Contract:
    """The contract of the module."""
    begin(world)
    new = bucket_held(world.client("s3"), LOGS[0])
    assert new is not None
    return Contract(EnvironmentSubject(world, new), world.modules)


@pytest.mark.parametrize("part", PARTS)
def test_every_example_holds_the_contract(world: World, part: int) -> None:
    prove(world, contract_of(world), STEPS, begin, edit, part)
