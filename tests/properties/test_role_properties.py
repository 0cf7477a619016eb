# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any service role and any wish for it: the preview is the truth, the wish is reached, and what others set survives."""

from __future__ import annotations

import json
import typing as t

import pytest
from properties.contract import Contract
from properties.proof import PARTS, prove
from properties.role_subject import RoleSubject
from properties.role_wishes import ALIAS, BOUNDARY, DOCUMENTS, KEYS, LOGGING, PROFILE, ROLE, STEPS, TRUSTS

if t.TYPE_CHECKING:
    from properties.world import World


def begin(world: World) -> None:
    """The account before the first step."""
    world.empty()
    world.keys(KEYS, {ALIAS: KEYS[0]})
    furnish(world)


def furnish(world: World) -> None:
    """What the wishes speak of, beside the keys."""
    iam = world.client("iam")
    for arn in (LOGGING, BOUNDARY):
        path, _slash, name = arn.partition(":policy")[2].rpartition("/")
        iam.create_policy(PolicyName=name, Path=f"{path}/", PolicyDocument=json.dumps(DOCUMENTS[0]))
    iam.create_instance_profile(InstanceProfileName=PROFILE)


def contract_of(world: World) -> Contract:
    """The contract of the module."""
    return Contract(RoleSubject(world.client("iam")), world.modules)


def edit(world: World, operation: str, parameters: dict[str, t.Any]) -> None:
    """What somebody else does."""
    world.edit("iam", operation, {"RoleName": ROLE, **parameters})


@pytest.mark.parametrize("part", PARTS)
def test_every_example_holds_the_contract(world: World, part: int) -> None:
    prove(world, contract_of(world), STEPS, begin, edit, part)


def test_a_list_of_all_roles_is_not_remembered_past_a_write(world: World) -> None:
    """Otherwise a role whose policies are read in bulk would be shown as it was."""
    world.empty()
    iam = world.client("iam")
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=TRUSTS[0])
    for policies in ([], ["team"]):
        (role,) = iam.get_account_authorization_details(Filter=["Role"])["RoleDetailList"]
        assert [policy["PolicyName"] for policy in role["RolePolicyList"]] == policies
        iam.put_role_policy(RoleName=ROLE, PolicyName="team", PolicyDocument=json.dumps(DOCUMENTS[0]))
