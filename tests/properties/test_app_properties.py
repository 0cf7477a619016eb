# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any MLflow App, at rest or on its way, beside another one, and any wish for it: the preview is the truth."""

from __future__ import annotations

import typing as t

import pytest
from properties.app_subject import AppSubject, apps_held
from properties.app_wishes import ALIAS, APP, CREATED, KEYS, RENAMED, STEPS, STUDIO
from properties.contract import Contract
from properties.proof import PARTS, prove
from properties.test_server_properties import stand_on

if t.TYPE_CHECKING:
    from properties.world import World


def begin(world: World) -> None:
    """The account before the first step."""
    world.empty()
    world.region.configure(app_names_unique=True, app_quota=10)
    world.keys(KEYS, {ALIAS: KEYS[0]})
    stand_on(world)
    world.client("sagemaker").create_mlflow_app(Name=STUDIO, **CREATED[0])


def edit(world: World, operation: str, parameters: dict[str, t.Any]) -> None:
    """What somebody else does, or what happens."""
    settings, sagemaker = world.region.running.settings, world.client("sagemaker")
    if operation == "settings":
        world.region.configure(**parameters)
        return
    if operation == "passes":
        world.region.sleep(parameters["seconds"])
        return
    if operation == "create_mlflow_app":
        world.edit("sagemaker", operation, {"Name": APP, **parameters})
        return
    if operation == "fails":
        settings.fail_next[
            parameters["verb"] if parameters["verb"] == "maintenance" else f"app_{parameters['verb']}"
        ] = True
        verb = "maintenance" if parameters["verb"] == "maintenance" else f"{parameters['verb']}_mlflow_app"
        edit(world, verb, CREATED[1] if parameters["verb"] == "create" else {})
        settings.fail_next.clear()
        world.region.sleep(5)
        return
    held = apps_held(sagemaker)
    name = STUDIO if operation == "update_studio" else APP if APP in held else RENAMED
    if name not in held:
        return
    arn = held[name]["arn"]
    if operation == "maintenance":
        settings.maintenance_next.add(name)
        world.answers.forget()
        world.edit("sagemaker", "describe_mlflow_app", {"Arn": arn})
        settings.maintenance_next.clear()
        return
    whose = {"ResourceArn": arn} if operation.endswith("_tags") else {"Arn": arn}
    world.edit("sagemaker", operation.replace("update_studio", "update_mlflow_app"), {**whose, **parameters})
    if operation.startswith("update"):
        # What an update will show when it is over, nobody can know before.
        world.region.sleep(5)


def contract_of(world: World) -> Contract:
    """The contract of the module."""
    return Contract(AppSubject(world.client("sagemaker")), world.modules)


@pytest.mark.parametrize("part", PARTS)
def test_every_example_holds_the_contract(world: World, part: int) -> None:
    prove(world, contract_of(world), STEPS, begin, edit, part)
