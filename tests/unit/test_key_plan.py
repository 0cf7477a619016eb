# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a wish makes of a KMS key: which calls, in which order, with what; what the diff shows; what is refused."""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._key_options import KeyWish
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._key_plan import POLICY_QUOTA, plan_key
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._key_policy import (
    ADMINISTRATION,
    administration_statements,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._key_state import KeyState
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._kms import parse_key
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import readable, size, to_json

ACCOUNT = "123456789012"
REGION = "eu-central-1"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{KEY_ID}"
POLICY = {
    "Version": "2012-10-17",
    "Id": "mlflow-key/mlflow",
    "Statement": administration_statements("aws", ACCOUNT, []),
}
NO_KEY = KeyState("aws", ACCOUNT, REGION)
KEY = replace(NO_KEY, arn=ARN, aliased=True, rotation=True, rotation_period=365, policy=POLICY)
WISH = KeyWish("alias/mlflow", REGION, present=True)
GOING = replace(KEY, key_state="PendingDeletion", rotation=False, rotation_period=None, facts={"DeletionDate": "soon"})
SHOWN = {
    "alias": "alias/mlflow",
    "description": "",
    "enable_key_rotation": True,
    "key_state": "Enabled",
    "multi_region": False,
    "policy": readable(POLICY),
    "rotation_period_in_days": 365,
}
NEVER_ROTATED = {"enabled": False, "rotation_period_in_days": None}
YEARLY = {"enabled": True, "rotation_period_in_days": 365}

Step = tuple[str, t.Any, t.Any, str, dict[str, t.Any]]


def steps(wish: KeyWish, state: KeyState) -> list[Step]:
    """Each change as its name, before, after, operation and parameters."""
    changes = plan_key(wish, state).changes
    assert {change.call.service for change in changes} <= {"kms"}
    return [
        (change.name, change.before, change.after, change.call.operation, dict(change.call.parameters))
        for change in changes
    ]


def test_the_least_key() -> None:
    summary = {"description": "", "multi_region": False, "policy": readable(POLICY), "tags": {}}
    assert steps(WISH, NO_KEY) == [
        ("key", None, summary, "create_key", {"Policy": to_json(POLICY)}),
        ("alias", None, "alias/mlflow", "create_alias", {"AliasName": "alias/mlflow"}),
        ("enable_key_rotation", NEVER_ROTATED, YEARLY, "enable_key_rotation", {"RotationPeriodInDays": 365}),
    ]
    plan = plan_key(WISH, NO_KEY)
    assert plan.before is None
    assert plan.after == SHOWN
    assert plan.predicted == replace(
        KEY, arn=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/00000000-0000-0000-0000-000000000000"
    )


def test_a_key_with_everything() -> None:
    wish = replace(
        WISH, description="Artifacts", multi_region=True, tags={"b": "2", "a": "1"}, rotation=False, enabled=False
    )
    policy = plan_key(wish, NO_KEY).predicted.policy or {}
    summary = {
        "description": "Artifacts",
        "multi_region": True,
        "policy": readable(policy),
        "tags": {"a": "1", "b": "2"},
    }
    tags = [{"TagKey": "a", "TagValue": "1"}, {"TagKey": "b", "TagValue": "2"}]
    parameters = {"Policy": to_json(policy), "Description": "Artifacts", "MultiRegion": True, "Tags": tags}
    assert steps(wish, NO_KEY) == [
        ("key", None, summary, "create_key", parameters),
        ("alias", None, "alias/mlflow", "create_alias", {"AliasName": "alias/mlflow"}),
        ("key_state", "Enabled", "Disabled", "disable_key", {}),
    ]
    assert plan_key(wish, NO_KEY).predicted.key_id == "mrk-00000000000000000000000000000000"


def test_nothing_differs() -> None:
    plan = plan_key(WISH, KEY)
    assert (plan.changes, plan.before, plan.after, plan.predicted) == ((), SHOWN, SHOWN, KEY)


ADMINISTERED = administration_statements("aws", ACCOUNT, [f"arn:aws:iam::{ACCOUNT}:role/admin"])
WIDER = {**POLICY, "Statement": ADMINISTERED}
ON = {"KeyId": ARN}
DAYS_90 = {"enabled": True, "rotation_period_in_days": 90}
EACH_ALONE: dict[str, tuple[dict[str, t.Any], dict[str, t.Any], list[Step]]] = {
    "description": (
        {"description": "New"},
        {"description": "Old"},
        [("description", "Old", "New", "update_key_description", {**ON, "Description": "New"})],
    ),
    "description left alone": ({}, {"description": "Old"}, []),
    "no description": (
        {"description": ""},
        {"description": "Old"},
        [("description", "Old", "", "update_key_description", {**ON, "Description": ""})],
    ),
    "rotation on": (
        {},
        {"rotation": False, "rotation_period": None},
        [("enable_key_rotation", NEVER_ROTATED, YEARLY, "enable_key_rotation", {**ON, "RotationPeriodInDays": 365})],
    ),
    "rotation off": (
        {"rotation": False},
        {},
        [("enable_key_rotation", YEARLY, NEVER_ROTATED, "disable_key_rotation", ON)],
    ),
    "rotation period": (
        {"rotation_period": 90},
        {},
        [("enable_key_rotation", YEARLY, DAYS_90, "enable_key_rotation", {**ON, "RotationPeriodInDays": 90})],
    ),
    "rotation period left alone": ({}, {"rotation_period": 90}, []),
    "policy": (
        {"administrators": ("role/admin",)},
        {},
        [
            (
                "policy",
                readable(POLICY),
                readable(WIDER),
                "put_key_policy",
                {**ON, "PolicyName": "default", "Policy": to_json(WIDER)},
            )
        ],
    ),
    "tags": (
        {"tags": {"a": "1", "c": "3"}, "purge_tags": True},
        {"tags": {"a": "0", "b": "2", "aws:x": "y"}},
        [
            (
                "tags",
                {"a": "0", "b": "2", "aws:x": "y"},
                {"a": "1", "aws:x": "y", "b": "2", "c": "3"},
                "tag_resource",
                {**ON, "Tags": [{"TagKey": "a", "TagValue": "1"}, {"TagKey": "c", "TagValue": "3"}]},
            ),
            (
                "tags",
                {"a": "1", "aws:x": "y", "b": "2", "c": "3"},
                {"a": "1", "aws:x": "y", "c": "3"},
                "untag_resource",
                {**ON, "TagKeys": ["b"]},
            ),
        ],
    ),
    "tags kept": ({"tags": {}}, {"tags": {"b": "2"}}, []),
    "alias": (
        {},
        {"aliased": False},
        [("alias", None, "alias/mlflow", "create_alias", {"AliasName": "alias/mlflow", "TargetKeyId": ARN})],
    ),
    "enabled": ({}, {"key_state": "Disabled"}, [("key_state", "Disabled", "Enabled", "enable_key", ON)]),
    "disabled": ({"enabled": False}, {}, [("key_state", "Enabled", "Disabled", "disable_key", ON)]),
    "a disabled key keeps its rotation": ({"enabled": False, "rotation": False}, {"key_state": "Disabled"}, []),
    "still disabled": ({"enabled": False}, {"key_state": "Disabled"}, []),
}


@pytest.mark.parametrize("case", EACH_ALONE)
def test_each_field_alone(case: str) -> None:
    options, held, expected = EACH_ALONE[case]
    assert steps(replace(WISH, **options), replace(KEY, **held)) == expected


def test_a_deletion_is_taken_back_first() -> None:
    cancel: Step = ("key_state", "PendingDeletion", "Disabled", "cancel_key_deletion", ON)
    enable: Step = ("key_state", "Disabled", "Enabled", "enable_key", ON)
    rotate: Step = (
        "enable_key_rotation",
        NEVER_ROTATED,
        YEARLY,
        "enable_key_rotation",
        {**ON, "RotationPeriodInDays": 365},
    )
    assert steps(WISH, GOING) == [cancel, enable, rotate]
    assert plan_key(WISH, GOING).predicted == KEY
    assert steps(replace(WISH, enabled=False), GOING) == [cancel]


def test_the_order_lets_the_key_accept_each_call() -> None:
    wish = replace(WISH, administrators=("role/admin",), description="New", tags={"a": "1"})
    state = replace(KEY, key_state="Disabled", rotation=False, rotation_period=None, aliased=False)
    assert [step[3] for step in steps(wish, state)] == [
        "enable_key",
        "put_key_policy",
        "update_key_description",
        "enable_key_rotation",
        "tag_resource",
        "create_alias",
    ]
    assert [step[3] for step in steps(replace(wish, enabled=False), KEY)][-1] == "disable_key"


GONE = replace(WISH, present=False, delete_key=True, deletion_window=7)


def test_a_deletion_is_scheduled() -> None:
    tagged = replace(KEY, tags={"a": "1"})
    plan = plan_key(GONE, tagged)
    assert steps(GONE, tagged) == [
        ("key", SHOWN, None, "schedule_key_deletion", {"KeyId": ARN, "PendingWindowInDays": 7}),
    ]
    assert (plan.before, plan.after) == ({**SHOWN, "tags": {"a": "1"}}, None)
    assert plan.predicted == replace(tagged, key_state="PendingDeletion", rotation=False)


@pytest.mark.parametrize("state", [NO_KEY, GOING], ids=["absent", "going"])
@pytest.mark.parametrize("delete_key", [True, False])
def test_what_is_gone_stays_gone(state: KeyState, delete_key: bool) -> None:
    plan = plan_key(replace(GONE, delete_key=delete_key), state)
    assert (plan.changes, plan.before, plan.after) == ((), None, None)


def test_a_deletion_needs_its_second_switch() -> None:
    with pytest.raises(MlflowError, match="repeat with delete_key=true; AWS then waits 7 days") as refused:
        plan_key(replace(GONE, delete_key=False), KEY)
    assert refused.value.details == {"arn": ARN}


OTHER = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/other"
REFUSED: dict[str, tuple[dict[str, t.Any], KeyState, str]] = {
    "the alias of another key": ({}, replace(KEY, alias_of=OTHER), f"belongs to the key {OTHER}, and key_id names"),
    "a key of AWS": ({}, replace(KEY, facts={"KeyManager": "AWS"}), "is managed by AWS"),
    "a key that signs": ({}, replace(KEY, facts={"KeyUsage": "SIGN_VERIFY"}), "SYMMETRIC_DEFAULT for SIGN_VERIFY"),
    "an asymmetric key": ({}, replace(KEY, facts={"KeySpec": "RSA_2048"}), "RSA_2048 for ENCRYPT_DECRYPT"),
    "no such key": ({"key": parse_key(KEY_ID)}, NO_KEY, f"there is no KMS key '{KEY_ID}'"),
    "no material": ({}, replace(KEY, key_state="PendingImport"), "waits for its key material: import it"),
    "replicas": ({}, replace(KEY, key_state="PendingReplicaDeletion"), "deleted with its replicas"),
    "store": ({}, replace(KEY, key_state="Unavailable"), "look at its custom key store"),
    "one region": ({"multi_region": True}, KEY, "is a key of one Region"),
    "many regions": ({"multi_region": False}, replace(KEY, multi_region=True), "is a multi-Region key"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case: str) -> None:
    options, state, message = REFUSED[case]
    with pytest.raises(MlflowError, match=message):
        plan_key(replace(WISH, **options), state)


@pytest.mark.parametrize("case", ["the alias of another key", "a key of AWS", "a key that signs", "an asymmetric key"])
def test_a_key_of_others_is_not_deleted_either(case: str) -> None:
    _options, state, message = REFUSED[case]
    with pytest.raises(MlflowError, match=message):
        plan_key(GONE, state)


def test_a_key_that_is_what_it_must_be() -> None:
    facts = {"KeyManager": "CUSTOMER", "KeyUsage": "ENCRYPT_DECRYPT", "KeySpec": "SYMMETRIC_DEFAULT"}
    plan = plan_key(replace(WISH, multi_region=False, key=parse_key(KEY_ID)), replace(KEY, facts=facts))
    assert plan.changes == ()
    assert plan.predicted.facts == facts


def test_the_quota_of_the_policy() -> None:
    def with_users(number: int, last: str) -> KeyWish:
        return replace(WISH, users=(*(f"role/{index:04}{'x' * 90}" for index in range(number)), last))

    room = POLICY_QUOTA - size(plan_key(with_users(200, "role/1"), KEY).predicted.policy or {})
    number = 200 + room // len(f'"arn:aws:iam::{ACCOUNT}:role/0000,"' + 90 * "x")
    left = POLICY_QUOTA - size(plan_key(with_users(number, "role/1"), KEY).predicted.policy or {})
    fits = with_users(number, f"role/{'1' * (1 + left)}")
    assert size(plan_key(fits, KEY).predicted.policy or {}) == POLICY_QUOTA
    with pytest.raises(MlflowError, match=f"would have {POLICY_QUOTA + 1} characters, AWS allows {POLICY_QUOTA}"):
        plan_key(with_users(number, f"role/{'1' * (2 + left)}"), KEY)


def test_nobody_is_locked_out() -> None:
    (statement,) = administration_statements("aws-cn", ACCOUNT, [])
    assert statement == {
        "Sid": "AdministerByAccount",
        "Effect": "Allow",
        "Principal": {"AWS": [f"arn:aws-cn:iam::{ACCOUNT}:root"]},
        "Action": sorted(ADMINISTRATION),
        "Resource": "*",
    }
