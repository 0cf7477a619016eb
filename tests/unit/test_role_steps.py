# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan of a role word for word: each step with its call, each refusal with its way out."""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest
from role_samples import (
    ABSENT,
    ACCOUNT,
    BOUNDARY,
    EXISTING,
    FOREIGN_TRUST,
    GONE,
    KEY,
    OTHER_SERVICE,
    PROTECTED,
    READ_ONLY,
    REGION,
    SERVICE_ALL,
    TEAM,
    UNPROTECTED,
    Json,
    converged,
    policy,
    wish,
)

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import readable, size, to_json
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_options import (
    INLINE_POLICIES_QUOTA,
    TRUST_POLICY_QUOTA,
    RoleWish,
    TrustWish,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_plan import plan_role
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_state import RoleState, wished_policies

Step = tuple[str, t.Any, t.Any, str, Json]


def steps(made: RoleWish, state: RoleState) -> list[Step]:
    changes = plan_role(made, state).changes
    assert {change.call.service for change in changes} <= {"iam"}
    return [(each.name, each.before, each.after, each.call.operation, dict(each.call.parameters)) for each in changes]


def test_the_steps_of_a_creation_word_for_word() -> None:
    made = wish(
        description="ours",
        max_session_duration=7200,
        permissions_boundary=BOUNDARY,
        path="/ml/",
        tags={"b": "2", "a": "1"},
        managed_policies=("AmazonS3ReadOnlyAccess", TEAM),
    )
    basic = wished_policies(made, ABSENT)["MLflowBasicAccess"]
    summary = {
        "name": "role",
        "path": "/ml/",
        "description": "ours",
        "max_session_duration": 7200,
        "permissions_boundary": BOUNDARY,
        "assume_role_policy_document": readable(PROTECTED),
        "tags": {"a": "1", "b": "2"},
    }
    create = {
        "RoleName": "role",
        "Path": "/ml/",
        "AssumeRolePolicyDocument": to_json(PROTECTED),
        "MaxSessionDuration": 7200,
        "Description": "ours",
        "PermissionsBoundary": BOUNDARY,
        "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
    }
    put = {"RoleName": "role", "PolicyName": "MLflowBasicAccess", "PolicyDocument": to_json(basic)}
    attached = [(f"managed_policies.{ACCOUNT}/team", TEAM), ("managed_policies.AmazonS3ReadOnlyAccess", READ_ONLY)]
    found = steps(made, ABSENT)
    assert found[:2] == [
        ("role", None, summary, "create_role", create),
        ("inline_policies.MLflowBasicAccess", None, readable(basic), "put_role_policy", put),
    ]
    assert sorted(found[2:]) == [
        (name, None, arn, "attach_role_policy", {"RoleName": "role", "PolicyArn": arn}) for name, arn in attached
    ]


def test_a_creation_leaves_out_what_nobody_wished() -> None:
    assert set(steps(wish(), ABSENT)[0][4]) == {"RoleName", "Path", "AssumeRolePolicyDocument", "MaxSessionDuration"}


HELD = replace(
    EXISTING,
    description="theirs",
    permissions_boundary=BOUNDARY,
    tags={"c": "3", "a": "0"},
    managed_policies=(READ_ONLY, TEAM),
)
DETACHED: list[Step] = [
    (
        "managed_policies.AmazonS3ReadOnlyAccess",
        READ_ONLY,
        None,
        "detach_role_policy",
        {"RoleName": "role", "PolicyArn": READ_ONLY},
    ),
    (f"managed_policies.{ACCOUNT}/team", TEAM, None, "detach_role_policy", {"RoleName": "role", "PolicyArn": TEAM}),
]
WORD_FOR_WORD: dict[str, tuple[Json, list[Step]]] = {
    "trust": (
        {"trust": TrustWish(False, None, ())},
        [
            (
                "assume_role_policy_document",
                readable(PROTECTED),
                readable(UNPROTECTED),
                "update_assume_role_policy",
                {"RoleName": "role", "PolicyDocument": to_json(UNPROTECTED)},
            )
        ],
    ),
    "description": (
        {"description": "ours"},
        [
            (
                "description",
                "theirs",
                "ours",
                "update_role",
                {"RoleName": "role", "Description": "ours", "MaxSessionDuration": 3600},
            )
        ],
    ),
    "both settings": (
        {"description": "ours", "max_session_duration": 7200},
        [
            (
                "description and max_session_duration",
                {"description": "theirs", "max_session_duration": 3600},
                {"description": "ours", "max_session_duration": 7200},
                "update_role",
                {"RoleName": "role", "Description": "ours", "MaxSessionDuration": 7200},
            )
        ],
    ),
    "no boundary": (
        {"permissions_boundary": ""},
        [("permissions_boundary", BOUNDARY, None, "delete_role_permissions_boundary", {"RoleName": "role"})],
    ),
    "another boundary": (
        {"permissions_boundary": TEAM},
        [
            (
                "permissions_boundary",
                BOUNDARY,
                TEAM,
                "put_role_permissions_boundary",
                {"RoleName": "role", "PermissionsBoundary": TEAM},
            )
        ],
    ),
    "managed policies": ({"managed_policies": (), "purge_managed_policies": True}, DETACHED),
    "tags": (
        {"tags": {"b": "2", "a": "1"}, "purge_tags": True},
        [
            (
                "tags",
                {"a": "0", "c": "3"},
                {"a": "1", "b": "2", "c": "3"},
                "tag_role",
                {"RoleName": "role", "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]},
            ),
            (
                "tags",
                {"a": "1", "b": "2", "c": "3"},
                {"a": "1", "b": "2"},
                "untag_role",
                {"RoleName": "role", "TagKeys": ["c"]},
            ),
        ],
    ),
}


@pytest.mark.parametrize("case", WORD_FOR_WORD)
def test_the_steps_of_an_update_word_for_word(case: str) -> None:
    values, expected = WORD_FOR_WORD[case]
    assert steps(wish(**values), HELD) == expected


def test_the_steps_of_a_policy_word_for_word() -> None:
    old, new = policy("s3:GetObject"), policy("s3:PutObject")
    held = replace(EXISTING, inline_policies={**EXISTING.inline_policies, "team": old})
    put = {"RoleName": "role", "PolicyName": "team", "PolicyDocument": to_json(new)}
    assert steps(wish(inline_policies={"team": new}), held) == [
        ("inline_policies.team", readable(old), readable(new), "put_role_policy", put)
    ]
    remove = {"RoleName": "role", "PolicyName": "team"}
    assert steps(wish(purge_inline_policies=True), held) == [
        ("inline_policies.team", readable(old), None, "delete_role_policy", remove)
    ]


def test_the_steps_of_a_deletion_word_for_word() -> None:
    basic = EXISTING.inline_policies["MLflowBasicAccess"]
    summary = {
        "name": "role",
        "path": "/",
        "description": "theirs",
        "max_session_duration": 3600,
        "permissions_boundary": BOUNDARY,
        "assume_role_policy_document": readable(PROTECTED),
        "tags": {"a": "0", "c": "3"},
    }
    removed = {"RoleName": "role", "PolicyName": "MLflowBasicAccess"}
    assert steps(GONE, HELD) == [
        *DETACHED,
        ("inline_policies.MLflowBasicAccess", readable(basic), None, "delete_role_policy", removed),
        ("role", summary, None, "delete_role", {"RoleName": "role"}),
    ]
    assert steps(GONE, ABSENT) == []
    assert plan_role(GONE, HELD).predicted == ABSENT


def test_what_is_refused_says_why_and_what_to_do() -> None:
    foreign = replace(EXISTING, trust=FOREIGN_TRUST, inline_policies={})
    with pytest.raises(MlflowError) as refused:
        plan_role(wish(), foreign)
    assert refused.value.message == (
        f"name: the role 'role' (arn:aws:iam::{ACCOUNT}:role/role) exists, but SageMaker may not take it (it trusts "
        "glue.amazonaws.com) and it has no policy MLflowBasicAccess: it belongs to somebody else and was left alone. Choose "
        "another name, or let sagemaker.amazonaws.com take the role (aws iam update-assume-role-policy) to hand it over."
    )
    with pytest.raises(MlflowError, match=r"\(it trusts nobody\)"):
        plan_role(wish(), replace(foreign, trust={"Version": "2012-10-17", "Statement": []}))
    with pytest.raises(MlflowError, match="in the instance profile db, web: EC2"):
        plan_role(GONE, replace(EXISTING, instance_profiles=("db", "web")))


def test_a_role_is_ours_by_either_of_our_policies() -> None:
    for name in ("MLflowBasicAccess", "MLflowKMSAccess"):
        held = replace(EXISTING, trust=FOREIGN_TRUST, inline_policies={name: SERVICE_ALL})
        assert plan_role(wish(), held).changed


OTHER_PARTITIONS: dict[str, tuple[RoleWish, RoleState]] = {
    "source_arn": (wish(trust=TrustWish(True, None, (f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:*",))), ABSENT),
    "kms_key_id": (wish(), replace(ABSENT, kms_key_arn=KEY)),
    "managed_policies": (wish(managed_policies=("AmazonS3ReadOnlyAccess", TEAM)), ABSENT),
}


@pytest.mark.parametrize("option", OTHER_PARTITIONS)
def test_an_arn_of_another_partition_is_refused(option: str) -> None:
    made, state = OTHER_PARTITIONS[option]
    with pytest.raises(
        MlflowError, match=rf"^{option}: 'arn:aws:.* is in the partition 'aws', the account {ACCOUNT} is in"
    ):
        plan_role(made, replace(state, partition="aws-cn"))
    assert plan_role(made, state).changed


def test_the_quotas_are_kept_to_the_last_character() -> None:
    def with_policies(length: int) -> RoleWish:
        return wish(inline_policies={"big": policy("x" * length)})

    least = sum(size(each) for each in converged(with_policies(0)).inline_policies.values())
    assert plan_role(with_policies(INLINE_POLICIES_QUOTA - least), ABSENT).changed
    with pytest.raises(
        MlflowError, match=rf" {INLINE_POLICIES_QUOTA + 1} characters, AWS allows {INLINE_POLICIES_QUOTA} "
    ):
        plan_role(with_policies(INLINE_POLICIES_QUOTA - least + 1), ABSENT)

    def trusting(length: int) -> RoleWish:
        return wish(trust=TrustWish(True, None, (f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{'x' * length}",)))

    least = size(converged(trusting(1)).trust or {}) - 1
    assert plan_role(trusting(TRUST_POLICY_QUOTA - least), ABSENT).changed
    with pytest.raises(
        MlflowError, match=rf"would have {TRUST_POLICY_QUOTA + 1} characters, AWS allows {TRUST_POLICY_QUOTA}\."
    ):
        plan_role(trusting(TRUST_POLICY_QUOTA - least + 1), ABSENT)
    raised = converged(trusting(TRUST_POLICY_QUOTA - least), EXISTING)
    at_the_quota = replace(EXISTING, trust=raised.trust)
    with pytest.raises(MlflowError, match=f"AWS allows {TRUST_POLICY_QUOTA}"):
        plan_role(trusting(TRUST_POLICY_QUOTA - least + 1), at_the_quota)


def test_a_refusal_names_everybody_else() -> None:
    others = [
        {**OTHER_SERVICE, "Principal": {"Service": [f"{name}.amazonaws.com", "sagemaker.amazonaws.com"]}}
        for name in "ba"
    ]
    shared = replace(EXISTING, trust={"Version": "2012-10-17", "Statement": others})
    with pytest.raises(MlflowError) as refused:
        plan_role(GONE, shared)
    assert refused.value.message == (
        f"The role 'role' (arn:aws:iam::{ACCOUNT}:role/role) is also trusted to a.amazonaws.com, b.amazonaws.com; deleting it "
        "would cut them off, and it was left alone. Remove their statements from its trust policy (aws iam "
        "update-assume-role-policy) and repeat the run."
    )


def test_a_role_whose_trust_was_not_read_is_nobody_elses() -> None:
    assert plan_role(GONE, replace(EXISTING, trust=None)).changed
