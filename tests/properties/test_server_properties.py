# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any tracking server, at rest or on its way, and any wish for it: the preview is the truth, and the wish is reached."""

from __future__ import annotations

import json
import typing as t

import pytest
from local_region import ACCOUNT, REGION
from properties.contract import Contract
from properties.proof import PARTS, prove
from properties.server_subject import BYSTANDER, ServerSubject
from properties.server_wishes import BUCKETS, CREATED, ROLES, SERVER, STEPS

if t.TYPE_CHECKING:
    from properties.world import World

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:mlflow-tracking-server/{SERVER}"


def begin(world: World) -> None:
    """The account before the first step."""
    world.empty()
    stand_on(world)
    furnish(world)


def stand_on(world: World) -> None:
    """What every MLflow needs."""
    for role in ROLES:
        world.client("iam").create_role(RoleName=role.rpartition("/")[2], AssumeRolePolicyDocument=json.dumps(TRUST))
    for bucket in BUCKETS:
        world.client("s3").create_bucket(Bucket=bucket)


def furnish(world: World) -> None:
    """A server that has nothing to do with the wishes."""
    world.client("sagemaker").create_mlflow_tracking_server(TrackingServerName=BYSTANDER, **CREATED[0])


def edit(world: World, operation: str, parameters: dict[str, t.Any]) -> None:
    """What somebody else does, or what happens."""
    settings = world.region.running.settings
    if operation == "settings":
        world.region.configure(**parameters)
    elif operation == "passes":
        world.region.sleep(parameters["seconds"])
    elif operation == "maintenance":
        settings.maintenance_next.add(SERVER)
        world.answers.forget()
        world.edit("sagemaker", "describe_mlflow_tracking_server", {"TrackingServerName": SERVER})
        settings.maintenance_next.clear()
    elif operation == "fails":
        settings.fail_next[parameters["verb"]] = True
        if parameters["verb"] == "maintenance":
            edit(world, "maintenance", {})
        else:
            given = CREATED[1] if parameters["verb"] == "create" else {}
            edit(world, f"{parameters['verb']}_mlflow_tracking_server", given)
        settings.fail_next.clear()
        world.region.sleep(5)
    else:
        whose = {"ResourceArn": ARN} if operation.endswith("_tags") else {"TrackingServerName": SERVER}
        world.edit("sagemaker", operation, {**whose, **parameters})
        if operation.startswith("update"):
            # What an update will show when it is over, nobody can know before.
            world.region.sleep(5)


def contract_of(world: World) -> Contract:
    """The contract of the module."""
    return Contract(ServerSubject(world.client("sagemaker")), world.modules)


@pytest.mark.parametrize("part", PARTS)
def test_every_example_holds_the_contract(world: World, part: int) -> None:
    prove(world, contract_of(world), STEPS, begin, edit, part)
