# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wished for a client's policy, and the plans for what nobody should do by accident."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._client_managed_plan import (
    ManagedState,
    plan_managed,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._client_policies import client_policy
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._client_policy_options import Target, wish_from
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

Json = dict[str, t.Any]
SERVERS = "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server"
ARN = "arn:aws:iam::123456789012:policy/mlflow"
OPTIONS: Json = {
    "name": "mlflow",
    "state": "present",
    "policy_type": "inline",
    "profiles": ["reader"],
    "resource_arns": [f"{SERVERS}/one"],
    "roles": ["analysts"],
    "groups": None,
    "purge_attachments": False,
    "purge_tags": False,
    **dict.fromkeys(
        (
            "additional_actions",
            "artifact_store_uri",
            "kms_key_id",
            "path",
            "tags",
            "resource_tag_conditions",
            "principal_tag_conditions",
            "source_vpce",
            "source_vpc",
            "source_ip",
        )
    ),
}
MANAGED: Json = {**OPTIONS, "policy_type": "managed"}
CONTRADICTIONS: dict[str, Json] = {
    "path: an inline policy has none": {"path": "/x/"},
    "tags: an inline policy has none": {"tags": {"a": "b"}},
    "purge_attachments: an inline policy has none": {"purge_attachments": True},
    "roles, groups: an inline policy is part of": {"roles": None},
    "kms_key_id: it is the key of the artifact store": {"kms_key_id": "alias/mlflow"},
    "source_vpce and source_ip exclude each other": {"source_vpce": ["vpce-01234567"], "source_ip": ["203.0.113.1"]},
    "principal_tag_conditions: 'Team' is in resource_tag_conditions too": {
        "principal_tag_conditions": ["Team"],
        "resource_tag_conditions": {"Team": "a"},
    },
    "resource_arns: the policy would have": {
        "resource_arns": [f"{SERVERS}/{'s' * 250}{number}" for number in range(40)]
    },
}


@pytest.mark.parametrize(("message", "options"), CONTRADICTIONS.items(), ids=CONTRADICTIONS)
def test_options_that_contradict_each_other(message: str, options: Json) -> None:
    with pytest.raises(MlflowError, match=message):
        wish_from({**OPTIONS, **options}, "eu-west-1")


def test_every_server_with_the_tag_of_whoever_calls() -> None:
    wish = wish_from({**OPTIONS, "resource_arns": [f"{SERVERS}/*"], "principal_tag_conditions": ["Team"]}, "eu-west-1")
    (statement,) = client_policy(wish.with_key(None))["Statement"]
    assert statement["Condition"] == {"StringEquals": {"aws:ResourceTag/Team": "${aws:PrincipalTag/Team}"}}


def test_the_same_wish_however_it_is_written() -> None:
    one = {
        "profiles": ["writer", "reader"],
        "resource_arns": [f"{SERVERS}/two", f"{SERVERS}/one", f"{SERVERS}/two"],
        "additional_actions": ["sagemaker-mlflow:CreateLoggedModel", "CreateLoggedModel"],
        "artifact_store_uri": "s3://artifacts/team/",
        "roles": ["a", "arn:aws:iam::123456789012:role/service-role/b", "b"],
        "source_ip": ["203.0.113.7/32", "203.0.113.7"],
    }
    other = {
        "profiles": ["reader", "writer"],
        "resource_arns": [f"{SERVERS}/one", f"{SERVERS}/two"],
        "additional_actions": ["CreateLoggedModel"],
        "artifact_store_uri": "s3://artifacts/team",
        "roles": ["b", "a"],
        "source_ip": ["203.0.113.7"],
    }
    first, second = (wish_from({**OPTIONS, **options}, "eu-west-1") for options in (one, other))
    assert (first.access, first.targets) == (second.access, second.targets)


def state(**more: t.Any) -> ManagedState:
    document = client_policy(wish_from(MANAGED, "eu-west-1").with_key(None))
    return ManagedState(ARN, "123456789012", document=document, default_version_id="v1", **more)


def test_a_policy_that_limits_somebody_is_not_deleted() -> None:
    with pytest.raises(MlflowError, match="is the permissions boundary of a role or user"):
        plan_managed(wish_from({**MANAGED, "state": "absent"}, "eu-west-1"), state(is_boundary=True))


def test_a_user_who_has_the_policy_is_nobody_s_to_purge() -> None:
    attached = frozenset({Target("user", "ann"), Target("role", "other"), Target("role", "analysts")})
    plan = plan_managed(wish_from({**MANAGED, "purge_attachments": True}, "eu-west-1"), state(attached=attached))
    assert [change.name for change in plan.changes] == ["roles.other"]


@pytest.mark.parametrize(
    ("others", "deleted"), [((), []), (("v2", "v3", "v4"), []), (("v2", "v3", "v4", "v5"), ["versions.v2"])]
)
def test_a_version_is_deleted_only_when_there_is_no_room(others: tuple[str, ...], deleted: list[str]) -> None:
    wish = wish_from({**MANAGED, "profiles": ["writer"], "roles": None}, "eu-west-1")
    plan = plan_managed(wish, state(other_versions=others))
    assert [change.name for change in plan.changes] == [*deleted, "policy_document"]
