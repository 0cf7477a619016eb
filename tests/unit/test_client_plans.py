# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a wish makes of a client's policy: inside roles and groups, or one that stands alone and is attached to them."""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._client_inline_plan import (
    InlineState,
    describe_inline,
    plan_inline,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._client_managed_plan import (
    ManagedState,
    describe_managed,
    plan_managed,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._client_policies import ClientAccess, client_policy
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._client_policy_options import (
    ClientPolicyWish,
    Target,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import as_list, readable, to_json

if t.TYPE_CHECKING:
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Plan

Json = dict[str, t.Any]
ACCOUNT = "123456789012"
REGION = "eu-west-1"
ARN = f"arn:aws:iam::{ACCOUNT}:policy/mlflow"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ACCESS = ClientAccess(
    frozenset({"reader"}),
    (f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:mlflow-tracking-server/one",),
    bucket="artifacts",
)
POLICY = client_policy(ACCESS)
WITH_KEY = client_policy(replace(ACCESS, key_arn=KEY))
NARROWER = client_policy(replace(ACCESS, profiles=frozenset({"ui"})))
THEIRS: Json = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
RESPELT: Json = {
    **POLICY,
    "Statement": [
        {**each, "Action": [str(name).upper() for name in as_list(each["Action"])]} for each in POLICY["Statement"]
    ],
}
ANA, BO, TEAM, EVE = Target("role", "ana"), Target("role", "bo"), Target("group", "team"), Target("user", "eve")
INLINE = ClientPolicyWish("mlflow", True, False, REGION, access=ACCESS, targets=(BO, TEAM, ANA))
INLINE_ABSENT = replace(INLINE, present=False, access=None)
MANAGED = replace(INLINE, managed=True)
ABSENT = replace(MANAGED, present=False, access=None)

Step = tuple[str, t.Any, t.Any, str, Json]


def steps(plan: Plan[t.Any]) -> list[Step]:
    assert {change.call.service for change in plan.changes} <= {"iam"}
    return [
        (each.name, each.before, each.after, each.call.operation, dict(each.call.parameters)) for each in plan.changes
    ]


def put(target: Target, before: t.Any, document: t.Any) -> Step:
    parameters = {**target.parameters, "PolicyName": "mlflow", "PolicyDocument": to_json(document)}
    return f"{target.option}.{target.name}", before, readable(document), f"put_{target.kind}_policy", parameters


def test_everybody_who_is_named_gets_it() -> None:
    plan = plan_inline(INLINE, InlineState())
    assert steps(plan) == [put(BO, None, POLICY), put(TEAM, None, POLICY), put(ANA, None, POLICY)]
    document = readable(POLICY)
    assert (plan.before, plan.after) == (
        None,
        {"groups": {"team": document}, "roles": {"ana": document, "bo": document}},
    )
    assert plan.predicted == InlineState(documents={BO: POLICY, TEAM: POLICY, ANA: POLICY})
    assert plan_inline(INLINE, plan.predicted).changes == ()


def test_only_who_has_another_one_is_given_it_anew() -> None:
    state = InlineState(documents={ANA: NARROWER, BO: RESPELT, TEAM: POLICY})
    plan = plan_inline(INLINE, state)
    assert steps(plan) == [put(ANA, readable(NARROWER), POLICY)]
    assert plan.predicted.documents[BO] == RESPELT
    assert list((plan.before or {})["roles"]) == ["ana", "bo"]


def test_the_key_is_in_the_policy() -> None:
    wish = replace(INLINE, targets=(ANA,))
    assert steps(plan_inline(wish, InlineState(key_arn=KEY))) == [put(ANA, None, WITH_KEY)]


def test_who_is_named_loses_it() -> None:
    state = InlineState(documents={ANA: POLICY, TEAM: POLICY})
    plan = plan_inline(INLINE_ABSENT, state)
    document = readable(POLICY)
    assert steps(plan) == [
        ("roles.ana", document, None, "delete_role_policy", {"RoleName": "ana", "PolicyName": "mlflow"}),
        ("groups.team", document, None, "delete_group_policy", {"GroupName": "team", "PolicyName": "mlflow"}),
    ]
    assert (plan.before, plan.after) == ({"groups": {"team": document}, "roles": {"ana": document}}, None)
    gone = plan_inline(INLINE_ABSENT, InlineState(missing=(BO,)))
    assert (gone.changes, gone.before, gone.after) == ((), None, None)


@pytest.mark.parametrize("target", [ANA, TEAM])
def test_whoever_does_not_exist_is_named(target: Target) -> None:
    for refuse in (
        lambda: plan_inline(INLINE, InlineState(missing=(target,))),
        lambda: plan_managed(MANAGED, ManagedState(ARN, ACCOUNT, missing=(target,))),
    ):
        with pytest.raises(MlflowError, match=f"{target.option}: there is no {target.kind} '{target.name}' in this"):
            refuse()


@pytest.mark.parametrize("present", [True, False])
def test_a_policy_of_others_with_the_same_name(present: bool) -> None:
    inline = INLINE if present else INLINE_ABSENT
    with pytest.raises(MlflowError, match="name: the role 'bo' has a policy 'mlflow' that allows nothing in MLflow"):
        plan_inline(inline, InlineState(documents={ANA: POLICY, BO: THEIRS}))
    managed = MANAGED if present else ABSENT
    with pytest.raises(MlflowError, match=f"name: the account {ACCOUNT} has a policy 'mlflow' that allows nothing"):
        plan_managed(managed, ManagedState(ARN, ACCOUNT, document=THEIRS))


def test_what_the_module_returns_of_an_inline_policy() -> None:
    state = InlineState(documents={BO: POLICY, ANA: POLICY, TEAM: POLICY}, key_arn=KEY)
    described = {
        "name": "mlflow",
        "policy_type": "inline",
        "policy_arn": None,
        "policy_document": POLICY,
        "default_version_id": None,
        "kms_key_arn": KEY,
        "roles": ["ana", "bo"],
        "groups": ["team"],
        "tags": {},
    }
    assert describe_inline(INLINE, state) == described
    nothing: Json = {"policy_document": {}, "kms_key_arn": None, "roles": [], "groups": []}
    assert describe_inline(INLINE, InlineState()) == {**described, **nothing}


NOTHING = ManagedState(ARN, ACCOUNT)
THERE = ManagedState(ARN, ACCOUNT, POLICY, "v1", attached=frozenset({ANA, BO, TEAM}), tags={"a": "1"})
SHOWN = {"groups": ["team"], "policy_document": readable(POLICY), "roles": ["ana", "bo"]}


def attach(target: Target) -> Step:
    call = {**target.parameters, "PolicyArn": ARN}
    return f"{target.option}.{target.name}", None, ARN, f"attach_{target.kind}_policy", call


def detach(target: Target) -> Step:
    call = {**target.parameters, "PolicyArn": ARN}
    return f"{target.option}.{target.name}", ARN, None, f"detach_{target.kind}_policy", call


def test_a_policy_is_made_and_attached() -> None:
    parameters = {
        "PolicyName": "mlflow",
        "Path": "/",
        "Description": "Use of Amazon SageMaker managed MLflow",
        "PolicyDocument": to_json(POLICY),
    }
    summary = {"name": "mlflow", "policy_document": readable(POLICY), "tags": {}}
    plan = plan_managed(MANAGED, NOTHING)
    assert steps(plan) == [
        ("policy", None, summary, "create_policy", parameters),
        attach(BO),
        attach(ANA),
        attach(TEAM),
    ]
    assert (plan.before, plan.after) == (None, SHOWN)
    assert plan.predicted == replace(THERE, tags={}, default_version_id=None)


def test_a_policy_with_a_path_a_key_and_tags() -> None:
    wish = replace(MANAGED, path="/team/", tags={"b": "2", "a": "1"}, targets=())
    ((_name, _before, summary, _operation, sent),) = steps(plan_managed(wish, replace(NOTHING, key_arn=KEY)))
    assert (sent["Path"], sent["PolicyDocument"]) == ("/team/", to_json(WITH_KEY))
    assert sent["Tags"] == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    assert summary["tags"] == {"a": "1", "b": "2"}
    assert (plan_managed(wish, NOTHING).after or {})["tags"] == {"a": "1", "b": "2"}


def test_a_second_run_finds_nothing() -> None:
    plan = plan_managed(MANAGED, THERE)
    assert (plan.changes, plan.before, plan.after, plan.predicted) == ((), SHOWN, SHOWN, THERE)
    written_otherwise = replace(THERE, document=RESPELT)
    assert plan_managed(MANAGED, written_otherwise).predicted == written_otherwise


@pytest.mark.parametrize(
    ("others", "deleted"),
    [
        ((), []),
        (("v1", "v2", "v3"), []),
        (("v1", "v2", "v3", "v4"), ["v1"]),
        (("v1", "v2", "v3", "v4", "v5"), ["v1", "v2"]),
    ],
    ids=["one version", "four", "five", "six"],
)
def test_a_sixth_version_takes_the_place_of_the_oldest(others: tuple[str, ...], deleted: list[str]) -> None:
    plan = plan_managed(MANAGED, replace(THERE, document=NARROWER, other_versions=others))
    sent = {"PolicyArn": ARN, "PolicyDocument": to_json(POLICY), "SetAsDefault": True}
    assert steps(plan) == [
        *(
            (f"versions.{each}", each, None, "delete_policy_version", {"PolicyArn": ARN, "VersionId": each})
            for each in deleted
        ),
        ("policy_document", readable(NARROWER), readable(POLICY), "create_policy_version", sent),
    ]
    assert (plan.predicted.document, plan.predicted.default_version_id) == (POLICY, None)


def test_who_has_it_and_is_not_named() -> None:
    state = replace(THERE, attached=frozenset({ANA, TEAM, EVE}))
    wish = replace(MANAGED, targets=(ANA, BO))
    assert steps(plan_managed(wish, state)) == [attach(BO)]
    purging = replace(wish, purge_attachments=True)
    assert steps(plan_managed(purging, state)) == [attach(BO), detach(TEAM)]
    assert plan_managed(purging, state).predicted.attached == {ANA, BO, EVE}


def test_tags() -> None:
    wish = replace(MANAGED, tags={"b": "2"}, purge_tags=True)
    plan = plan_managed(wish, THERE)
    assert steps(plan) == [
        (
            "tags",
            {"a": "1"},
            {"a": "1", "b": "2"},
            "tag_policy",
            {"PolicyArn": ARN, "Tags": [{"Key": "b", "Value": "2"}]},
        ),
        ("tags", {"a": "1", "b": "2"}, {"b": "2"}, "untag_policy", {"PolicyArn": ARN, "TagKeys": ["a"]}),
    ]
    assert (plan.before, plan.after) == ({**SHOWN, "tags": {"a": "1"}}, {**SHOWN, "tags": {"b": "2"}})
    assert [step[3] for step in steps(plan_managed(replace(wish, purge_tags=False), THERE))] == ["tag_policy"]


def test_a_policy_goes_when_nobody_has_it_any_more() -> None:
    state = replace(THERE, attached=frozenset({ANA, EVE, TEAM}), other_versions=("v1", "v3"), key_arn=KEY)
    summary = {"name": "mlflow", "policy_document": readable(POLICY), "tags": {"a": "1"}}
    plan = plan_managed(ABSENT, state)
    assert steps(plan) == [
        detach(EVE),
        detach(ANA),
        detach(TEAM),
        ("versions.v1", "v1", None, "delete_policy_version", {"PolicyArn": ARN, "VersionId": "v1"}),
        ("versions.v3", "v3", None, "delete_policy_version", {"PolicyArn": ARN, "VersionId": "v3"}),
        ("policy", summary, None, "delete_policy", {"PolicyArn": ARN}),
    ]
    shown = {"groups": ["team"], "policy_document": readable(POLICY), "roles": ["ana"], "tags": {"a": "1"}}
    assert (plan.before, plan.after, plan.predicted) == (shown, None, ManagedState(ARN, ACCOUNT, key_arn=KEY))
    gone = plan_managed(ABSENT, replace(NOTHING, missing=(ANA,)))
    assert (gone.changes, gone.before, gone.after) == ((), None, None)


def test_a_permissions_boundary_is_not_deleted() -> None:
    with pytest.raises(MlflowError, match=rf"'mlflow' \({ARN}\) is the permissions boundary of a role or user"):
        plan_managed(ABSENT, replace(THERE, is_boundary=True))
    assert plan_managed(MANAGED, replace(THERE, is_boundary=True)).changes == ()


def test_what_the_module_returns_of_a_managed_policy() -> None:
    described = {
        "name": "mlflow",
        "policy_type": "managed",
        "policy_arn": ARN,
        "policy_document": POLICY,
        "default_version_id": "v1",
        "kms_key_arn": KEY,
        "roles": ["ana", "bo"],
        "groups": ["team"],
        "tags": {"a": "1"},
    }
    assert describe_managed(MANAGED, replace(THERE, key_arn=KEY)) == described
    assert describe_managed(MANAGED, NOTHING)["policy_document"] == {}
