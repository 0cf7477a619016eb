# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans of roles: from any start to any wish, what the calls do is what was predicted; and what is refused."""

from __future__ import annotations

import json
import typing as t
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
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

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tags as tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_options import (
    RoleWish,
    TrustWish,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_plan import needs_propagation, plan_role
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_state import (
    RoleState,
    describe,
    wished_policies,
)

if t.TYPE_CHECKING:
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call


def simulate(state: RoleState, call: Call) -> RoleState:
    """What IAM makes of one call."""
    given_parameters = dict(call.parameters)
    assert given_parameters.pop("RoleName") == "role"
    simulated: RoleState = _SIMULATION[call.operation](state, **given_parameters)
    return simulated


def _create(state: RoleState, **given_parameters: t.Any) -> RoleState:
    assert not state.exists, "AWS refuses to create what exists"
    return replace(
        state,
        exists=True,
        path=given_parameters["Path"],
        trust=json.loads(given_parameters["AssumeRolePolicyDocument"]),
        description=given_parameters.get("Description", ""),
        max_session_duration=given_parameters["MaxSessionDuration"],
        permissions_boundary=given_parameters.get("PermissionsBoundary"),
        tags=tags.from_aws(given_parameters.get("Tags", [])),
    )


def _update(state: RoleState, **given_parameters: t.Any) -> RoleState:
    return replace(
        state,
        description=given_parameters.get("Description", ""),
        max_session_duration=given_parameters.get("MaxSessionDuration", 3600),
    )


def _put(state: RoleState, **given_parameters: t.Any) -> RoleState:
    policies = {**state.inline_policies, given_parameters["PolicyName"]: json.loads(given_parameters["PolicyDocument"])}
    return replace(state, inline_policies=dict(sorted(policies.items())))


def _remove(state: RoleState, **given_parameters: t.Any) -> RoleState:
    policies = dict(state.inline_policies)
    del policies[given_parameters["PolicyName"]]
    return replace(state, inline_policies=policies)


def _attach(state: RoleState, **given_parameters: t.Any) -> RoleState:
    assert given_parameters["PolicyArn"] not in state.managed_policies
    return replace(state, managed_policies=tuple(sorted([*state.managed_policies, given_parameters["PolicyArn"]])))


def _detach(state: RoleState, **given_parameters: t.Any) -> RoleState:
    left = [arn for arn in state.managed_policies if arn != given_parameters["PolicyArn"]]
    assert len(left) < len(state.managed_policies)
    return replace(state, managed_policies=tuple(left))


def _tag(state: RoleState, **given_parameters: t.Any) -> RoleState:
    return replace(state, tags={**state.tags, **tags.from_aws(given_parameters["Tags"])})


def _untag(state: RoleState, **given_parameters: t.Any) -> RoleState:
    return replace(state, tags={k: v for k, v in state.tags.items() if k not in given_parameters["TagKeys"]})


def _delete(state: RoleState) -> RoleState:
    assert not state.inline_policies, "AWS refuses to delete a role with inline policies"
    assert not state.managed_policies, "AWS refuses to delete a role with managed policies"
    return RoleState(partition=state.partition, account_id=state.account_id, exists=False, path=state.path)


_SIMULATION: dict[str, t.Callable[..., RoleState]] = {
    "create_role": _create,
    "update_role": _update,
    "update_assume_role_policy": lambda state, PolicyDocument: replace(state, trust=json.loads(PolicyDocument)),  # noqa: N803  # AWS's name
    "put_role_permissions_boundary": lambda state, PermissionsBoundary: replace(  # noqa: N803  # AWS's name
        state, permissions_boundary=PermissionsBoundary
    ),
    "delete_role_permissions_boundary": lambda state: replace(state, permissions_boundary=None),
    "put_role_policy": _put,
    "delete_role_policy": _remove,
    "attach_role_policy": _attach,
    "detach_role_policy": _detach,
    "tag_role": _tag,
    "untag_role": _untag,
    "delete_role": _delete,
}

policies_of = st.dictionaries(
    st.sampled_from(["MLflowBasicAccess", "MLflowKMSAccess", "team", "other"]),
    st.sampled_from([SERVICE_ALL, policy("s3:GetObject"), policy("s3:PutObject")]),
)
tags_of = st.dictionaries(
    st.sampled_from(["Project", "ManagedBy", "sagemaker:domain"]), st.sampled_from(["a", "b", ""])
)
arns_of = st.sets(st.sampled_from([READ_ONLY, TEAM])).map(sorted).map(tuple)
trusts = st.sampled_from(
    [
        UNPROTECTED,
        PROTECTED,
        {"Version": "2012-10-17", "Statement": [OTHER_SERVICE, *UNPROTECTED["Statement"]]},
    ]
)
starts = st.just(ABSENT) | st.builds(
    RoleState,
    partition=st.just("aws"),
    account_id=st.just(ACCOUNT),
    exists=st.just(True),
    trust=trusts,
    description=st.sampled_from(["", "theirs"]),
    max_session_duration=st.sampled_from([3600, 7200]),
    permissions_boundary=st.sampled_from([None, BOUNDARY]),
    tags=tags_of,
    inline_policies=policies_of.map(lambda found: dict(sorted(found.items()))),
    managed_policies=arns_of,
    kms_key_arn=st.sampled_from([None, KEY]),
    role_id=st.just("AROAEXAMPLEID"),
)
wishes = st.builds(
    wish,
    prefix=st.sampled_from(["", "team/a"]),
    model_registration=st.booleans(),
    trust=st.sampled_from([TrustWish(True, None, ()), TrustWish(False, None, ()), TrustWish(True, "111111111111", ())]),
    inline_policies=st.none()
    | st.dictionaries(st.just("team"), st.sampled_from([policy("S3:getobject"), SERVICE_ALL])),
    managed_policies=st.none() | st.just(()) | st.just(("AmazonS3ReadOnlyAccess",)) | st.just((TEAM,)),
    permissions_boundary=st.sampled_from([None, "", BOUNDARY]),
    path=st.sampled_from([None, "/"]),
    description=st.sampled_from([None, "", "ours"]),
    max_session_duration=st.sampled_from([None, 3600, 43200]),
    tags=st.none() | tags_of,
    purge_inline_policies=st.booleans(),
    purge_managed_policies=st.booleans(),
    purge_tags=st.booleans(),
)


@given(starts, wishes)
def test_the_calls_lead_to_the_prediction_and_no_further(start: RoleState, made: RoleWish) -> None:
    plan = plan_role(made, start)
    state = start
    for change in plan.changes:
        state = simulate(state, change.call)
    assert state == plan.predicted
    again = plan_role(made, state)
    assert again.changes == ()
    assert again.before == again.after


@given(starts, wishes)
def test_what_nobody_asked_about_survives(start: RoleState, made: RoleWish) -> None:
    after = converged(made, start)
    if made.tags is None or not made.purge_tags:
        assert set(start.tags) <= set(after.tags)
    assert {key for key in start.tags if key.startswith("sagemaker:")} <= set(after.tags)
    if not made.purge_managed_policies:
        assert set(start.managed_policies) <= set(after.managed_policies)
    if not made.purge_inline_policies and "other" in start.inline_policies:
        assert after.inline_policies["other"] == start.inline_policies["other"]
    if start.trust is not None and OTHER_SERVICE in start.trust["Statement"]:
        assert OTHER_SERVICE in (after.trust or {})["Statement"]


@given(starts, wishes)
def test_the_diff_is_empty_exactly_when_nothing_changes(start: RoleState, made: RoleWish) -> None:
    plan = plan_role(made, start)
    assert (plan.before != plan.after) == plan.changed


@given(wishes)
def test_deletion_leaves_nothing(made: RoleWish) -> None:
    state = converged(made)
    plan = plan_role(RoleWish(name="role", present=False, region=REGION), state)
    for change in plan.changes:
        state = simulate(state, change.call)
    assert not state.exists
    assert plan.after is None
    assert (plan.action, plan.changes[-1].name, plan.changes[-1].action) == ("delete", "role", "delete")


SINGLE_CHANGES: dict[str, tuple[Json, list[str], list[str]]] = {
    "description": ({"description": "new"}, ["description"], ["update_role"]),
    "duration": ({"max_session_duration": 7200}, ["max_session_duration"], ["update_role"]),
    "both": (
        {"description": "new", "max_session_duration": 7200},
        ["description and max_session_duration"],
        ["update_role"],
    ),
    "boundary": (
        {"permissions_boundary": BOUNDARY},
        ["permissions_boundary"],
        ["put_role_permissions_boundary"],
    ),
    "registration": ({"model_registration": True}, ["inline_policies.MLflowBasicAccess"], ["put_role_policy"]),
    "prefix": ({"prefix": "a"}, ["inline_policies.MLflowBasicAccess"], ["put_role_policy"]),
    "trust": (
        {"trust": TrustWish(False, None, ())},
        ["assume_role_policy_document"],
        ["update_assume_role_policy"],
    ),
    "policy": ({"inline_policies": {"team": policy("s3:GetObject")}}, ["inline_policies.team"], ["put_role_policy"]),
    "policy of AWS": (
        {"managed_policies": ("AmazonS3ReadOnlyAccess",)},
        ["managed_policies.AmazonS3ReadOnlyAccess"],
        ["attach_role_policy"],
    ),
    "policy of the account": (
        {"managed_policies": (TEAM,)},
        [f"managed_policies.{ACCOUNT}/team"],
        ["attach_role_policy"],
    ),
    "tags": ({"tags": {"A": "b"}}, ["tags"], ["tag_role"]),
    "tags instead": ({"tags": {"A": "b"}, "purge_tags": True}, ["tags", "tags"], ["tag_role", "untag_role"]),
}


@pytest.mark.parametrize(("values", "names", "operations"), SINGLE_CHANGES.values(), ids=SINGLE_CHANGES)
def test_one_wish_is_one_change(values: Json, names: list[str], operations: list[str]) -> None:
    plan = plan_role(wish(**values), converged(wish(tags={"Project": "mlflow"})))
    assert [change.name for change in plan.changes] == names
    assert [change.call.operation for change in plan.changes] == operations
    assert plan.action == "update"


def test_the_policies_of_another_tool_are_tightened_in_place() -> None:
    start = RoleState(
        partition="aws",
        account_id=ACCOUNT,
        exists=True,
        trust=UNPROTECTED,
        inline_policies={"MLflowBasicAccess": SERVICE_ALL, "MLflowKMSAccess": SERVICE_ALL},
    )
    after = converged(wish(without_key=True), start)
    assert after.inline_policies == wished_policies(wish(), start)
    assert set(after.inline_policies) == {"MLflowBasicAccess"}
    assert converged(wish(), start).inline_policies["MLflowKMSAccess"] == SERVICE_ALL
    with_key = converged(wish(), replace(start, kms_key_arn=KEY))
    assert with_key.inline_policies["MLflowKMSAccess"]["Statement"][0]["Resource"] == KEY


def test_a_policy_of_the_same_meaning_stays_as_it_is_written() -> None:
    start = converged(wish(inline_policies={"team": policy("S3:GETOBJECT")}))
    assert not plan_role(wish(inline_policies={"team": policy("s3:GetObject")}), start).changed


SHARED_TRUST: Json = {"Version": "2012-10-17", "Statement": [OTHER_SERVICE, *UNPROTECTED["Statement"]]}
LONG_TRUST: Json = {
    "Version": "2012-10-17",
    "Statement": [
        {**OTHER_SERVICE, "Principal": {"AWS": [f"arn:aws:iam::{n:012}:role/{'a' * 60}" for n in range(19)]}}
    ],
}

REFUSED: dict[str, tuple[RoleWish, RoleState]] = {
    "belongs to somebody else": (wish(), replace(EXISTING, trust=FOREIGN_TRUST, inline_policies={})),
    "and it has no policy MLflowBasicAccess": (GONE, replace(EXISTING, trust=FOREIGN_TRUST, inline_policies={})),
    "deleting it would cut them off": (GONE, replace(EXISTING, trust=SHARED_TRUST)),
    "in the instance profile web": (GONE, replace(EXISTING, instance_profiles=("web",))),
    "service-linked role": (wish(), replace(EXISTING, path="/aws-service-role/sagemaker.amazonaws.com/")),
    "path: the role 'role' has the path '/', and AWS cannot move it to '/mlflow/'": (wish(path="/mlflow/"), EXISTING),
    "managed_policies: .* write arn:aws-cn:": (wish(managed_policies=(TEAM,)), replace(ABSENT, partition="aws-cn")),
    "permissions_boundary: .* is in the partition 'aws'": (
        wish(permissions_boundary=BOUNDARY),
        replace(ABSENT, partition="aws-us-gov"),
    ),
    "inline_policies: together with MLflowBasicAccess": (
        wish(inline_policies={"big": policy("x" * 10_000)}),
        ABSENT,
    ),
    "The trust policy would have 2[0-9]+ characters, AWS allows 2048": (
        wish(),
        replace(EXISTING, trust={**LONG_TRUST, "Statement": [*LONG_TRUST["Statement"], *UNPROTECTED["Statement"]]}),
    ),
}


@pytest.mark.parametrize(("message", "made", "state"), [(m, *rest) for m, rest in REFUSED.items()], ids=REFUSED)
def test_what_must_not_be_done_is_refused_with_a_way_out(message: str, made: RoleWish, state: RoleState) -> None:
    with pytest.raises(MlflowError, match=message):
        plan_role(made, state)


def test_a_role_with_our_policy_is_ours_though_its_trust_was_taken_away() -> None:
    start = replace(EXISTING, trust=FOREIGN_TRUST, inline_policies={}, other_inline_policies=("MLflowBasicAccess",))
    assert OTHER_SERVICE in (converged(wish(), start).trust or {})["Statement"]


def test_a_raised_quota_is_believed_when_it_is_used() -> None:
    principals = [f"arn:aws:iam::{n:012}:role/{'a' * 60}" for n in range(22)]
    statement = {**OTHER_SERVICE, "Principal": {"AWS": principals}}
    long_trust = {"Version": "2012-10-17", "Statement": [statement, *UNPROTECTED["Statement"]]}
    assert plan_role(wish(), replace(EXISTING, trust=long_trust)).changed


SLOW = {
    "a new role": (wish(), ABSENT, True),
    "a trust": (wish(trust=TrustWish(False, None, ())), EXISTING, True),
    "a policy": (wish(prefix="a"), EXISTING, True),
    "a managed policy": (wish(managed_policies=(TEAM,)), EXISTING, True),
    "tags": (wish(tags={"a": "b"}), EXISTING, False),
    "a description": (wish(description="a"), EXISTING, False),
    "a removal": (
        wish(managed_policies=(), purge_managed_policies=True),
        replace(EXISTING, managed_policies=(TEAM,)),
        False,
    ),
    "a deletion": (GONE, EXISTING, False),
    "nothing": (wish(), EXISTING, False),
}


@pytest.mark.parametrize(("made", "state", "slow"), SLOW.values(), ids=SLOW)
def test_only_what_grants_takes_time(made: RoleWish, state: RoleState, slow: bool) -> None:
    assert needs_propagation(plan_role(made, state).changes) is slow


def test_the_diff_shows_what_was_asked_about() -> None:
    plan = plan_role(wish(description="new"), EXISTING)
    assert plan.before is not None
    assert set(plan.before) == {"assume_role_policy_document", "description", "inline_policies"}
    assert set(plan_role(wish(), ABSENT).after or {}) >= {"path", "tags", "managed_policies", "permissions_boundary"}


def test_the_prediction_names_the_role_that_will_be() -> None:
    described = describe("role", converged(wish(path="/mlflow/", tags={"a": "b"})))
    assert described["arn"] == f"arn:aws:iam::{ACCOUNT}:role/mlflow/role"
    assert described["role_id"] is None
    assert described["tags"] == {"a": "b"}
    assert described.keys() == describe("role", ABSENT).keys()
