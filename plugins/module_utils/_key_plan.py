# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What must be done so that a KMS key becomes as wished: an ordered plan, or a refusal in words. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tags as tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._key_state import (
    DISABLED,
    ENABLED,
    PENDING_DELETION,
    KeyState,
    future,
    shown,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call, Change, Plan
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import readable, size, to_json

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._key_options import KeyWish

POLICY_QUOTA = 32_768
_STUCK = {
    "PendingImport": "waits for its key material: import it",
    "PendingReplicaDeletion": "is waiting to be deleted with its replicas: wait until they are gone, or choose another alias",
    "Unavailable": "is unavailable: look at its custom key store",
}


def plan_key(wish: KeyWish, state: KeyState) -> Plan[KeyState]:
    """The plan from this state to the wish."""
    _refuse_foreign(wish, state)
    after = future(wish, state)
    if not wish.present:
        changes = tuple(_deletion(wish, state))
    else:
        _refuse_unfit(wish, state)
        _refuse_oversize(after)
        changes = tuple(_differences(wish, state, after) if state.exists else _creation(wish, after))
    return Plan(changes, shown(wish, state), shown(wish, after), after)


def _creation(wish: KeyWish, after: KeyState) -> Iterator[Change]:
    """The calls after the first one are about a key whose id AWS tells then."""
    parameters: dict[str, t.Any] = {"Policy": to_json(after.policy or {})}
    if after.description:
        parameters["Description"] = after.description
    if after.multi_region:
        parameters["MultiRegion"] = True
    if after.tags:
        parameters["Tags"] = _aws_tags(after.tags)
    summary = {
        "description": after.description,
        "multi_region": after.multi_region,
        "policy": readable(after.policy or {}),
        "tags": dict(after.tags),
    }
    yield Change("key", None, summary, Call("kms", "create_key", parameters))
    yield Change("alias", None, wish.alias, Call("kms", "create_alias", {"AliasName": wish.alias}))
    fresh = KeyState(after.partition, after.account_id, after.region)
    yield from _rotation_change(fresh, after, {})
    if after.key_state == DISABLED:
        yield Change("key_state", ENABLED, DISABLED, Call("kms", "disable_key", {}))


def _differences(wish: KeyWish, state: KeyState, after: KeyState) -> Iterator[Change]:
    """First what makes the key accept the rest."""
    key: dict[str, t.Any] = {"KeyId": state.arn}
    present = state.key_state
    if state.is_going:
        yield Change("key_state", PENDING_DELETION, DISABLED, Call("kms", "cancel_key_deletion", key))
        present = DISABLED
    if present == DISABLED and after.key_state == ENABLED:
        yield Change("key_state", DISABLED, ENABLED, Call("kms", "enable_key", key))
    if after.policy != state.policy:
        parameters = {**key, "PolicyName": "default", "Policy": to_json(after.policy or {})}
        call = Call("kms", "put_key_policy", parameters)
        yield Change("policy", readable(state.policy or {}), readable(after.policy or {}), call)
    if after.description != state.description:
        call = Call("kms", "update_key_description", {**key, "Description": after.description})
        yield Change("description", state.description, after.description, call)
    yield from _rotation_change(state, after, key)
    yield from _tag_changes(state, after, key)
    if not state.aliased:
        parameters = {"AliasName": wish.alias, "TargetKeyId": state.arn}
        yield Change("alias", None, wish.alias, Call("kms", "create_alias", parameters))
    if present != DISABLED and after.key_state == DISABLED:
        yield Change("key_state", present, DISABLED, Call("kms", "disable_key", key))


def _rotation_change(state: KeyState, after: KeyState, key: dict[str, t.Any]) -> Iterator[Change]:
    before, wished = _rotation(state), _rotation(after)
    if before == wished:
        return
    if after.rotation:
        call = Call("kms", "enable_key_rotation", {**key, "RotationPeriodInDays": after.rotation_period})
    else:
        call = Call("kms", "disable_key_rotation", key)
    yield Change("enable_key_rotation", before, wished, call)


def _rotation(state: KeyState) -> dict[str, t.Any]:
    return {"enabled": state.rotation, "rotation_period_in_days": state.rotation_period}


def _tag_changes(state: KeyState, after: KeyState, key: dict[str, t.Any]) -> Iterator[Change]:
    added, removed = tags.to_set(state.tags, after.tags), tags.to_remove(state.tags, after.tags)
    between = dict(sorted({**state.tags, **added}.items()))
    if added:
        call = Call("kms", "tag_resource", {**key, "Tags": _aws_tags(added)})
        yield Change("tags", dict(state.tags), between, call)
    if removed:
        yield Change("tags", between, dict(after.tags), Call("kms", "untag_resource", {**key, "TagKeys": removed}))


def _aws_tags(values: t.Mapping[str, str]) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in sorted(values.items())]


def _deletion(wish: KeyWish, state: KeyState) -> Iterator[Change]:
    if not state.exists or state.is_going:
        return
    if not wish.delete_key:
        raise MlflowError(
            f"The key {state.arn} ({wish.alias}) was left alone: whatever it encrypts, in any bucket, can never be read again "
            "once it is deleted. When nothing that is encrypted with it is needed any more, repeat with delete_key=true; AWS "
            f"then waits {wish.deletion_window} days, in which state=present takes the deletion back.",
            arn=state.arn,
        )
    parameters = {"KeyId": state.arn, "PendingWindowInDays": wish.deletion_window}
    call = Call("kms", "schedule_key_deletion", parameters)
    yield Change("key", shown(replace(wish, present=True), state), None, call)


def _refuse_foreign(wish: KeyWish, state: KeyState) -> None:
    """A key that is not a customer's symmetric key, or an alias that means another one."""
    if state.alias_of is not None:
        raise MlflowError(
            f"alias: '{wish.alias}' belongs to the key {state.alias_of}, and key_id names {state.arn}. An alias that others "
            "use is not moved: choose another alias, or leave key_id out to manage the key that has it."
        )
    if not state.exists:
        return
    facts = state.facts
    if facts.get("KeyManager", "CUSTOMER") != "CUSTOMER":
        raise MlflowError(
            f"key_id: the key {state.arn} is managed by AWS, and nobody else can change it. Name another."
        )
    usage, spec = facts.get("KeyUsage", "ENCRYPT_DECRYPT"), facts.get("KeySpec", "SYMMETRIC_DEFAULT")
    if (usage, spec) != ("ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT"):
        raise MlflowError(
            f"alias: '{wish.alias}' means the key {state.arn}, which is {spec} for {usage}; S3 and SageMaker need a symmetric "
            "encryption key. It belongs to somebody else and was left alone: choose another alias."
        )


def _refuse_unfit(wish: KeyWish, state: KeyState) -> None:
    """What AWS cannot change in a key that exists."""
    if not state.exists:
        if wish.key is not None:
            raise MlflowError(
                f"key_id: there is no KMS key '{wish.key.text}' in this account. Leave it out to make one."
            )
        return
    if state.key_state in _STUCK:
        raise MlflowError(f"The key {state.arn} ({wish.alias}) {_STUCK[state.key_state]}.")
    if wish.multi_region is not None and wish.multi_region != state.multi_region:
        kind = "a multi-Region key" if state.multi_region else "a key of one Region"
        raise MlflowError(
            f"multi_region: the key {state.arn} is {kind}, and AWS cannot change that. Leave the option out, or choose another "
            "alias for a new key (what the present one encrypts keeps needing it)."
        )


def _refuse_oversize(after: KeyState) -> None:
    length = size(after.policy or {})
    if length > POLICY_QUOTA:
        raise MlflowError(
            f"The policy of the key would have {length} characters, AWS allows {POLICY_QUOTA}. Name fewer users, with patterns "
            "(role/team-*) or by their accounts."
        )
