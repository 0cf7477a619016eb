# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What must be done so that a role becomes as wished: an ordered plan, or a refusal in words. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _role_trust as role_trust
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tags as tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call, Change, Plan
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policies import (
    BASIC_ACCESS,
    SCHEDULER_PRINCIPAL,
    SERVICE_PRINCIPAL,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import readable, size, to_json
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_options import (
    INLINE_POLICIES_QUOTA,
    RAISED_TRUST_POLICY_QUOTA,
    TRUST_POLICY_QUOTA,
    policy_arn,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_state import RoleState, future, plain, shown

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import Document
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_options import RoleWish

_SERVICES = {SERVICE_PRINCIPAL: "SageMaker", SCHEDULER_PRINCIPAL: "EventBridge Scheduler"}
TAKES_TIME = ("role", "assume_role_policy_document", "permissions_boundary", "inline_policies.", "managed_policies.")
"""Beginnings of the names of the changes that IAM needs time to spread: they decide who may do what."""


def plan_role(wish: RoleWish, state: RoleState) -> Plan[RoleState]:
    """The plan from this state to the wish."""
    _refuse_foreign(wish, state)
    after = future(wish, state)
    if not wish.present:
        changes = tuple(_deletion(wish.name, state)) if state.exists else ()
    elif state.exists:
        _refuse_move(wish, state)
        changes = tuple(_differences(wish.name, state, after))
    else:
        changes = (_creation(wish.name, after), *_policy_changes(wish.name, state, after))
    if wish.present:
        _refuse_other_partitions(wish, state)
        _refuse_oversize(state, after)
    return Plan(changes, shown(wish, state, after), shown(wish, after, state), after)


def needs_propagation(changes: tuple[Change, ...]) -> bool:
    """Whether AWS may go on for some seconds to act on what was before."""
    return any(change.after is not None and change.name.startswith(TAKES_TIME) for change in changes)


def _creation(name: str, after: RoleState) -> Change:
    parameters: dict[str, t.Any] = {
        "RoleName": name,
        "Path": after.path,
        "AssumeRolePolicyDocument": to_json(after.trust or {}),
        "MaxSessionDuration": after.max_session_duration,
    }
    if after.description:
        parameters["Description"] = after.description
    if after.permissions_boundary:
        parameters["PermissionsBoundary"] = after.permissions_boundary
    if after.tags:
        parameters["Tags"] = tags.to_aws(after.tags)
    return Change("role", None, _summary(name, after), Call("iam", "create_role", parameters))


def _summary(name: str, state: RoleState) -> dict[str, t.Any]:
    return {
        "name": name,
        "path": state.path,
        "description": state.description,
        "max_session_duration": state.max_session_duration,
        "permissions_boundary": state.permissions_boundary,
        "assume_role_policy_document": readable(state.trust or {}),
        "tags": plain(state.tags),
    }


def _differences(name: str, state: RoleState, after: RoleState) -> Iterator[Change]:
    """Limits before permissions, additions before removals: nothing that works stops working in between."""
    yield from _trust_change(name, state, after)
    yield from _settings_change(name, state, after)
    yield from _boundary_change(name, state, after)
    yield from _policy_changes(name, state, after)
    yield from _tag_changes(name, state, after)


def _trust_change(name: str, state: RoleState, after: RoleState) -> Iterator[Change]:
    if after.trust is not None and after.trust != state.trust:
        call = Call("iam", "update_assume_role_policy", {"RoleName": name, "PolicyDocument": to_json(after.trust)})
        yield Change("assume_role_policy_document", readable(state.trust or {}), readable(after.trust), call)


def _settings_change(name: str, state: RoleState, after: RoleState) -> Iterator[Change]:
    """One call carries both settings, for AWS puts its default in the place of what is left out."""
    aspects = [
        aspect for aspect in ("description", "max_session_duration") if getattr(state, aspect) != getattr(after, aspect)
    ]
    if not aspects:
        return
    call = Call(
        "iam",
        "update_role",
        {"RoleName": name, "Description": after.description, "MaxSessionDuration": after.max_session_duration},
    )
    if len(aspects) == 1:
        yield Change(aspects[0], getattr(state, aspects[0]), getattr(after, aspects[0]), call)
    else:
        yield Change(
            "description and max_session_duration",
            {aspect: getattr(state, aspect) for aspect in aspects},
            {aspect: getattr(after, aspect) for aspect in aspects},
            call,
        )


def _boundary_change(name: str, state: RoleState, after: RoleState) -> Iterator[Change]:
    before, wished = state.permissions_boundary, after.permissions_boundary
    if before == wished:
        return
    if wished is None:
        call = Call("iam", "delete_role_permissions_boundary", {"RoleName": name})
    else:
        call = Call("iam", "put_role_permissions_boundary", {"RoleName": name, "PermissionsBoundary": wished})
    yield Change("permissions_boundary", before, wished, call)


def _policy_changes(name: str, state: RoleState, after: RoleState) -> Iterator[Change]:
    for policy, document in after.inline_policies.items():
        if document != state.inline_policies.get(policy):
            yield _put_policy(name, policy, state.inline_policies.get(policy), document)
    for arn in after.managed_policies:
        if arn not in state.managed_policies:
            call = Call("iam", "attach_role_policy", {"RoleName": name, "PolicyArn": arn})
            yield Change(f"managed_policies.{_short(arn)}", None, arn, call)
    yield from _removals(name, state, after)


def _removals(name: str, state: RoleState, after: RoleState) -> Iterator[Change]:
    for arn in state.managed_policies:
        if arn not in after.managed_policies:
            call = Call("iam", "detach_role_policy", {"RoleName": name, "PolicyArn": arn})
            yield Change(f"managed_policies.{_short(arn)}", arn, None, call)
    for policy, document in state.inline_policies.items():
        if policy not in after.inline_policies:
            call = Call("iam", "delete_role_policy", {"RoleName": name, "PolicyName": policy})
            yield Change(f"inline_policies.{policy}", readable(document), None, call)


def _put_policy(name: str, policy: str, before: Document | None, after: Document) -> Change:
    parameters = {"RoleName": name, "PolicyName": policy, "PolicyDocument": to_json(after)}
    return Change(
        f"inline_policies.{policy}",
        None if before is None else readable(before),
        readable(after),
        Call("iam", "put_role_policy", parameters),
    )


def _tag_changes(name: str, state: RoleState, after: RoleState) -> Iterator[Change]:
    added, removed = tags.to_set(state.tags, after.tags), tags.to_remove(state.tags, after.tags)
    between = {**state.tags, **added}
    if added:
        call = Call("iam", "tag_role", {"RoleName": name, "Tags": tags.to_aws(added)})
        yield Change("tags", plain(state.tags), dict(sorted(between.items())), call)
    if removed:
        call = Call("iam", "untag_role", {"RoleName": name, "TagKeys": removed})
        yield Change("tags", dict(sorted(between.items())), plain(after.tags), call)


def _deletion(name: str, state: RoleState) -> Iterator[Change]:
    nothing = RoleState(partition=state.partition, account_id=state.account_id, exists=False)
    yield from _removals(name, state, nothing)
    yield Change("role", _summary(name, state), None, Call("iam", "delete_role", {"RoleName": name}))


def _short(arn: str) -> str:
    """The name of a managed policy, with the account unless it is one of AWS: two may have one name."""
    _arn, _partition, _iam, _region, owner, resource = arn.split(":", 5)
    policy = resource.removeprefix("policy/")
    return policy if owner == "aws" else f"{owner}/{policy}"


def _refuse_foreign(wish: RoleWish, state: RoleState) -> None:
    """A role that is not one for the wished service belongs to somebody else."""
    if not state.exists or state.trust is None:
        return
    title = f"role '{wish.name}' ({state.arn(wish.name)})"
    trusted = ", ".join(role_trust.others(state.trust, wish.service)) or "nobody"
    if state.path.startswith("/aws-service-role/"):
        raise MlflowError(f"name: the {title} is a service-linked role, which only AWS changes. Choose another name.")
    if not role_trust.admits(state.trust, wish.service) and not _carries_our_policy(wish, state):
        raise MlflowError(
            f"name: the {title} exists, but {_SERVICES[wish.service]} may not take it (it trusts {trusted}) and it has no "
            f"policy {wish.own_policy_names[0]}: it belongs to somebody else and was left alone. Choose another name, or let "
            f"{wish.service} take the role (aws iam update-assume-role-policy) to hand it over."
        )
    if wish.present:
        return
    if role_trust.others(state.trust, wish.service):
        raise MlflowError(
            f"The {title} is also trusted to {trusted}; deleting it would cut them off, and it was left alone. Remove "
            "their statements from its trust policy (aws iam update-assume-role-policy) and repeat the run."
        )
    if state.instance_profiles:
        raise MlflowError(
            f"The {title} is in the instance profile {', '.join(state.instance_profiles)}: EC2 instances may use it. "
            "Take it out (aws iam remove-role-from-instance-profile) and repeat the run."
        )


def _carries_our_policy(wish: RoleWish, state: RoleState) -> bool:
    names: set[str] = {*state.inline_policies, *state.other_inline_policies}
    return bool(names & set(wish.own_policy_names))


def _refuse_move(wish: RoleWish, state: RoleState) -> None:
    if wish.path is not None and wish.path != state.path:
        raise MlflowError(
            f"path: the role '{wish.name}' has the path '{state.path}', and AWS cannot move it to '{wish.path}' (the "
            f"path is part of its ARN, which its tracking servers keep). Set path to '{state.path}', leave it out, or "
            "choose another name for a new role."
        )


def _refuse_other_partitions(wish: RoleWish, state: RoleState) -> None:
    """An ARN of another partition names nothing here."""
    arns: Mapping[str, tuple[str, ...]] = {
        "managed_policies": tuple(policy_arn(policy, state.partition) for policy in wish.managed_policies or ()),
        "permissions_boundary": (wish.permissions_boundary,) if wish.permissions_boundary else (),
        "source_arn": wish.trust.source_arns,
        "kms_key_id": (state.kms_key_arn,) if state.kms_key_arn else (),
    }
    for option, values in arns.items():
        for arn in values:
            partition = arn.split(":")[1]
            if partition != state.partition:
                raise MlflowError(
                    f"{option}: '{arn}' is in the partition '{partition}', the account {state.account_id} is in "
                    f"'{state.partition}': write arn:{state.partition}:..."
                )


def _refuse_oversize(state: RoleState, after: RoleState) -> None:
    """IAM's quotas; that of the trust policy can be raised, which a longer one that is there proves."""
    total = sum(size(document) for document in after.inline_policies.values())
    if total > INLINE_POLICIES_QUOTA:
        raise MlflowError(
            f"inline_policies: together with {BASIC_ACCESS} {total} characters, AWS allows {INLINE_POLICIES_QUOTA} on "
            "one role. Move some into a managed policy and name it in managed_policies."
        )
    before, length = size(state.trust or {}), size(after.trust or {})
    allowed = RAISED_TRUST_POLICY_QUOTA if before > TRUST_POLICY_QUOTA else TRUST_POLICY_QUOTA
    if length > allowed:
        raise MlflowError(
            f"The trust policy would have {length} characters, AWS allows {allowed}. Shorten source_arn, or what others "
            "have written into the trust policy."
        )
