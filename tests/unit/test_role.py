# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The edge to IAM: how long a run waits, and what it makes of a refused write."""

from __future__ import annotations

import time
import typing as t
from dataclasses import replace
from types import SimpleNamespace
from unittest import mock

import pytest
from botocore.exceptions import ClientError

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _role as role
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import Clients
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import Superseded
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role import Patience, RoleResource
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_options import RoleWish
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_plan import plan_role
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_state import RoleState

if t.TYPE_CHECKING:
    from collections.abc import Iterable

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Change

BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"
ABSENT = RoleState(partition="aws", account_id="123456789012", exists=False)
WISH = RoleWish(
    name="role",
    present=True,
    region="us-east-1",
    bucket="bucket",
    managed_policies=("AmazonS3ReadOnlyAccess",),
    permissions_boundary=BOUNDARY,
    tags={"a": "b"},
)
GONE = RoleWish(name="role", present=False, region="us-east-1")
THERE = replace(plan_role(WISH, ABSENT).predicted, role_id="AROAEXAMPLEID")
DELAY = 10.0


class Scripted(RoleResource):
    """A role whose reads give prepared states, one after the other."""

    def __init__(
        self,
        states: Iterable[RoleState],
        wish: RoleWish = WISH,
        *,
        error: Exception | None = None,
        patience: Patience | None = None,
    ) -> None:
        answers = mock.Mock(side_effect=error)
        iam = mock.Mock(**{f"{operation}.side_effect": answers for operation in OPERATIONS})
        super().__init__(Clients(lambda _service: iam), wish, patience or Patience(True, 60, DELAY))
        self.states = list(states)

    def read(self) -> RoleState:
        """The next prepared state."""
        return self.states.pop(0)


OPERATIONS = (
    "create_role",
    "put_role_policy",
    "attach_role_policy",
    "update_assume_role_policy",
    "put_role_permissions_boundary",
    "tag_role",
    "delete_role",
    "detach_role_policy",
    "delete_role_policy",
)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, without making them."""
    made: list[float] = []
    monkeypatch.setattr(time, "sleep", made.append)
    return made


def test_two_looks_in_a_row_must_agree(pauses: list[float]) -> None:
    resource = Scripted([ABSENT, THERE, ABSENT, THERE, THERE])
    assert resource.confirm(plan_role(WISH, ABSENT)) == THERE
    assert resource.states == []
    assert len(pauses) == 5  # four between the looks, and one for the propagation


def test_a_grant_waits_until_it_is_spread(pauses: list[float]) -> None:
    Scripted([THERE, THERE]).confirm(plan_role(WISH, ABSENT))
    assert pauses[-1] == pytest.approx(DELAY, abs=0.5)


def test_the_time_of_the_looks_counts(pauses: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    start = time.monotonic()
    monkeypatch.setattr(time, "monotonic", mock.Mock(side_effect=[start + second for second in range(0, 100, 4)]))
    Scripted([THERE, THERE]).confirm(plan_role(WISH, ABSENT))
    assert 0 <= pauses[-1] < DELAY - 3


def test_tags_wait_for_nobody(pauses: list[float]) -> None:
    Scripted([THERE, THERE]).confirm(plan_role(WISH, replace(THERE, tags={})))
    assert len(pauses) == 1
    assert pauses[0] < 1


def test_a_delay_of_zero_is_none(pauses: list[float]) -> None:
    Scripted([THERE, THERE], patience=Patience(True, 60, 0)).confirm(plan_role(WISH, ABSENT))
    assert pauses[-1] == 0


def test_nothing_changed_is_nothing_to_wait_for(pauses: list[float]) -> None:
    assert Scripted([]).confirm(plan_role(WISH, THERE)) == THERE
    assert pauses == []


def test_without_waiting_a_stale_look_is_not_believed(pauses: list[float]) -> None:
    patience = Patience(False, 60, DELAY)
    plan = plan_role(WISH, ABSENT)
    assert Scripted([ABSENT], patience=patience).confirm(plan) == plan.predicted
    assert Scripted([THERE], patience=patience).confirm(plan) == THERE
    assert pauses == []


def test_a_role_that_never_shows_is_an_error_with_what_is_missing() -> None:
    resource = Scripted([replace(THERE, tags={})], patience=Patience(True, 0, 0))
    with pytest.raises(MlflowError, match=r"does not show all of them after 0 s \(missing: tags\)"):
        resource.confirm(plan_role(WISH, replace(THERE, tags={})))


def test_a_deleted_role_keeps_its_name_in_the_result(pauses: list[float]) -> None:
    start = replace(THERE, path="/mlflow/")
    reached = Scripted([ABSENT, ABSENT], GONE).confirm(plan_role(GONE, start))
    assert reached.arn("role") == "arn:aws:iam::123456789012:role/mlflow/role"
    assert max(pauses) < 1


def refusal(code: str, message: str = "no", attempts: int = 0) -> ClientError:
    """AWS's answer with this code."""
    answer: t.Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"RetryAttempts": attempts}}
    return ClientError(answer, "Operation")


def change(operation: str, wish: RoleWish = WISH, start: RoleState = ABSENT) -> Change:
    """The change of a plan that makes this call."""
    return next(made for made in plan_role(wish, start).changes if made.call.operation == operation)


READ_ONLY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
MOVED_ON = {
    "the role is gone": (
        change("put_role_policy"),
        refusal("NoSuchEntity", "The role with name role cannot be found."),
    ),
    "the role to attach to is gone": (change("attach_role_policy"), refusal("NoSuchEntity", "The role is not there.")),
    "another run tags it": (change("tag_role", start=replace(THERE, tags={})), refusal("ConcurrentModification")),
    "another run deletes it": (change("delete_role", GONE, THERE), refusal("ConcurrentModificationException")),
    "another run attached something": (change("delete_role", GONE, THERE), refusal("DeleteConflict")),
}


@pytest.mark.parametrize(("made", "error"), MOVED_ON.values(), ids=MOVED_ON)
def test_when_the_world_moved_on_the_plan_is_made_anew(made: Change, error: ClientError) -> None:
    with pytest.raises(Superseded):
        Scripted([], error=error).apply(made)


@pytest.mark.parametrize("operation", ["delete_role", "detach_role_policy", "delete_role_policy"])
def test_what_is_gone_need_not_be_deleted(operation: str) -> None:
    resource = Scripted([], GONE, error=refusal("NoSuchEntity"))
    resource.apply(change(operation, GONE, THERE))


def test_a_missing_managed_policy_is_the_users_to_correct() -> None:
    error = refusal("NoSuchEntity", f"Policy {READ_ONLY} does not exist or is not attachable.")
    with pytest.raises(MlflowError, match=r"managed_policies: there is no managed policy '.*AmazonS3ReadOnlyAccess'"):
        Scripted([], error=error).apply(change("attach_role_policy"))


@pytest.mark.parametrize(
    "made",
    [change("create_role"), change("put_role_permissions_boundary", start=replace(THERE, permissions_boundary=None))],
)
def test_a_missing_boundary_is_the_users_to_correct(made: Change) -> None:
    error = refusal("NoSuchEntity", f"Scope ARN: {BOUNDARY} does not exist or is not attachable.")
    with pytest.raises(MlflowError, match="permissions_boundary: there is no managed policy"):
        Scripted([], error=error).apply(made)


def test_other_refusals_are_left_to_the_core() -> None:
    with pytest.raises(ClientError):
        Scripted([], error=refusal("AccessDenied")).apply(change("create_role"))


EXISTS = refusal("EntityAlreadyExists", "Role with name role already exists.")


def test_a_role_that_somebody_made_meanwhile_is_planned_anew() -> None:
    with pytest.raises(Superseded):
        Scripted([THERE], error=EXISTS).apply(change("create_role"))


@pytest.mark.usefixtures("pauses")
def test_a_role_whose_answer_was_lost_is_ours() -> None:
    retried = refusal("EntityAlreadyExists", attempts=1)
    Scripted([ABSENT, THERE], error=retried).apply(change("create_role"))
    foreign = replace(THERE, trust={"Version": "2012-10-17", "Statement": []})
    with pytest.raises(Superseded):
        Scripted([foreign], error=retried).apply(change("create_role"))


def test_a_name_in_another_letter_case_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(role, "APPEARANCE_TIMEOUT", 0)
    with pytest.raises(MlflowError, match="differ in letter case only"):
        Scripted([ABSENT], error=EXISTS).apply(change("create_role"))


def test_without_a_region_nothing_is_read() -> None:
    module: t.Any = SimpleNamespace(params={}, region=None, clients=None)
    with pytest.raises(MlflowError, match="region: it is not set"):
        role.from_module(module)
