# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Roles that are looked at in one call for the whole account: fewer calls, and never another result."""

from __future__ import annotations

import json
import typing as t

import pytest
from botocore.stub import Stubber
from mlflow_account import make_user

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _limits as limits
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _role as role
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._account_roles import AccountRoles, account_roles

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from module_run import Modules

Json = dict[str, t.Any]
MODULE = "iam_mlflow_role"
NAME = "mlflow-staging-mlflow-role"
IN_BULK = ["iam:GetAccountAuthorizationDetails", "iam:GetRole"]
ONE_BY_ONE = [
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
]
TEAM: Json = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}
WISH: Json = {
    "name": NAME,
    "artifact_store_uri": "s3://artifacts",
    "inline_policies": {"team": TEAM},
    "managed_policies": ["AmazonS3ReadOnlyAccess"],
    "description": "Service role",
    "tags": {"Team": "vision"},
    "propagation_delay": 0,
}


@pytest.fixture(autouse=True)
def _quick_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """The local IAM shows at once what was written."""
    monkeypatch.setattr(role, "FIRST_DELAY", 0.01)


def test_nothing_to_do_is_two_calls_with_the_same_result(modules: Modules, region: LocalRegion) -> None:
    modules.run(MODULE, **WISH)
    region.client("iam").put_role_policy(RoleName=NAME, PolicyName="foreign", PolicyDocument=json.dumps(TEAM))
    one_by_one, in_bulk = modules.run(MODULE, **WISH), modules.run(MODULE, **WISH, bulk_read=True)
    assert (sorted(one_by_one.calls), sorted(in_bulk.calls)) == (sorted(ONE_BY_ONE), IN_BULK)
    for result in (one_by_one.result, in_bulk.result):
        assert result.pop("invocation")["module_args"]["name"] == NAME
    assert in_bulk.result == one_by_one.result
    assert in_bulk.result["other_inline_policies"] == ["foreign"]


def test_a_new_role_is_not_looked_for_twice(modules: Modules) -> None:
    check = modules.run(MODULE, check=True, **WISH, bulk_read=True)
    assert sorted(set(check.calls) - {"sts:GetCallerIdentity"}) == IN_BULK
    assert modules.converge(MODULE, **WISH, bulk_read=True).result["action"] == "create"


DRIFTS: dict[str, t.Callable[[t.Any], t.Any]] = {
    "inline policy": lambda iam: iam.put_role_policy(
        RoleName=NAME, PolicyName="team", PolicyDocument=json.dumps(TEAM).replace("Get", "Put")
    ),
    "inline policy gone": lambda iam: iam.delete_role_policy(RoleName=NAME, PolicyName="team"),
    "managed policy gone": lambda iam: iam.detach_role_policy(
        RoleName=NAME, PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    ),
    "tags": lambda iam: iam.tag_role(RoleName=NAME, Tags=[{"Key": "Team", "Value": "nobody"}]),
    "description": lambda iam: iam.update_role(RoleName=NAME, Description="another"),
}


@pytest.mark.parametrize("drift", DRIFTS.values(), ids=DRIFTS)
def test_what_differs_is_looked_at_again_and_mended(
    modules: Modules, region: LocalRegion, drift: t.Callable[[t.Any], t.Any]
) -> None:
    modules.run(MODULE, **WISH)
    drift(region.client("iam"))
    one_by_one = modules.run(MODULE, check=True, **WISH)
    check = modules.run(MODULE, check=True, **WISH, bulk_read=True)
    assert sorted(check.calls) == sorted([*IN_BULK, *ONE_BY_ONE])
    assert check.result["diff"] == one_by_one.result["diff"]
    assert modules.converge(MODULE, **WISH, bulk_read=True).changed


def test_what_only_the_bulk_shows_differently_is_no_difference(modules: Modules, region: LocalRegion) -> None:
    """The list lags behind: it still shows the policy from before."""
    modules.run(MODULE, **{**WISH, "inline_policies": {}})
    modules.run(MODULE, **{**WISH, "inline_policies": {}}, bulk_read=True)
    modules.run(MODULE, **WISH)
    region.inject({"service": "iam", "operation": "GetAccountAuthorizationDetails", "stale": True, "times": 1})
    again = modules.run(MODULE, **WISH, bulk_read=True)
    assert (again.changed, again.writes) == (False, [])
    assert set(again.calls) == {*IN_BULK, *ONE_BY_ONE}, "the test does not test anything"


@pytest.mark.parametrize("made_anew", [False, True])
def test_a_role_that_the_bulk_does_not_show_yet_is_read_one_by_one(
    modules: Modules, region: LocalRegion, made_anew: bool
) -> None:
    iam = region.client("iam")
    if made_anew:
        modules.run(MODULE, **WISH)
    modules.run(MODULE, check=True, **WISH, bulk_read=True)
    if made_anew:
        modules.run(MODULE, name=NAME, state="absent")
    modules.run(MODULE, **WISH)
    region.inject({"service": "iam", "operation": "GetAccountAuthorizationDetails", "stale": True, "times": 1})
    again = modules.run(MODULE, **WISH, bulk_read=True)
    assert set(again.calls) == {*IN_BULK, *ONE_BY_ONE}, "the test does not test anything"
    assert (again.changed, again.result["role_id"]) == (False, iam.get_role(RoleName=NAME)["Role"]["RoleId"])


def test_deleting_needs_no_look_at_all_roles(modules: Modules) -> None:
    modules.run(MODULE, **WISH)
    assert IN_BULK[0] not in modules.run(MODULE, name=NAME, state="absent", bulk_read=True).calls


def test_the_right_is_asked_for_by_name(modules: Modules, region: LocalRegion) -> None:
    modules.run(MODULE, **WISH)
    keys: Json = dict(make_user(region, "iam:GetRole", "iam:List*", "iam:GetRolePolicy"))
    message = modules.fail(MODULE, **WISH, bulk_read=True, **keys)
    for word in (f"reading the role '{NAME}'", "iam:GetAccountAuthorizationDetails", "Allow the action"):
        assert word in message


class TestSharing:
    def test_pages_are_followed(self, region: LocalRegion) -> None:
        """The local IAM tells all roles at once."""
        iam = region.client("iam")
        operation, asked = "get_account_authorization_details", {"Filter": ["Role"], "MaxItems": 1000}
        with Stubber(iam) as stubber:
            stubber.add_response(operation, {"RoleDetailList": [], "IsTruncated": True, "Marker": "next"}, asked)
            stubber.add_response(operation, {"RoleDetailList": [{"RoleName": "a"}]}, {**asked, "Marker": "next"})
            assert account_roles(iam).named("a") == {"RoleName": "a"}
            stubber.assert_no_pending_responses()

    def test_one_look_serves_all_for_a_moment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        looks: list[Json] = []

        def pages() -> list[Json]:
            looks.append({"RoleDetailList": [{"RoleName": "a", "look": len(looks)}]})
            return looks[-1:]

        roles = AccountRoles(pages)
        assert [roles.named("a"), roles.named("b"), roles.named("a")] == [
            {"RoleName": "a", "look": 0},
            None,
            {"RoleName": "a", "look": 0},
        ]
        monkeypatch.setattr(limits, "BULK_READ_AGE", -1)
        assert roles.named("a") == {"RoleName": "a", "look": 1}

    def test_a_refusal_is_everybodys_and_asked_for_once(self, modules: Modules, region: LocalRegion) -> None:
        region.inject(
            {"service": "iam", "operation": "GetAccountAuthorizationDetails", "code": "AccessDenied", "times": 9}
        )
        iam = region.client("iam")
        roles = AccountRoles(iam.get_paginator("get_account_authorization_details").paginate)
        region.clear_log()
        for _attempt in range(2):
            with pytest.raises(iam.exceptions.ClientError, match="AccessDenied"):
                roles.named("a")
        assert region.calls() == IN_BULK[:1]
