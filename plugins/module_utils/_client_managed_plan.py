# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""A customer-managed policy for clients: what is, what differs, what must be done. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tags as tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._client_inline_plan import (
    names_of,
    refuse_foreign,
    refuse_missing,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._client_policies import client_policy
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call, Change, Plan
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import readable, same, to_json

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._client_policy_options import (
        ClientPolicyWish,
        Target,
    )
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import Document

DESCRIPTION = "Use of Amazon SageMaker managed MLflow"
VERSIONS = 5
"""The versions of one policy that IAM keeps; of a sixth it says no."""


@dataclass(frozen=True)
class ManagedState:
    """The policy as IAM shows it, or as it will be.

    :param document: of the version in force; None when the policy is absent.
    :param default_version_id: None while it is only predicted.
    :param other_versions: the ids of those not in force, the oldest first.
    :param attached: roles, groups and users that have it.
    :param is_boundary: whether it limits somebody as a permissions boundary.
    :param missing: the wished roles and groups that do not exist.
    :param key_arn: of the wished key.
    """

    arn: str
    account_id: str
    document: Document | None = None
    default_version_id: str | None = None
    other_versions: tuple[str, ...] = ()
    attached: frozenset[Target] = frozenset()
    is_boundary: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[Target, ...] = ()
    key_arn: str | None = None

    @property
    def exists(self) -> bool:
        """Whether there is such a policy."""
        return self.document is not None


def plan_managed(wish: ClientPolicyWish, state: ManagedState) -> Plan[ManagedState]:
    """The plan from this state to the wish."""
    if state.document is not None:
        refuse_foreign(wish.name, f"the account {state.account_id}", state.document)
    if wish.present:
        refuse_missing(state.missing)
    elif state.is_boundary:
        raise MlflowError(
            f"The policy '{wish.name}' ({state.arn}) is the permissions boundary of a role or user, whom its deletion would leave without "
            "a limit. Remove it there first (aws iam list-entities-for-policy shows where), and repeat the run."
        )
    after = _future(wish, state)
    if not wish.present:
        changes = tuple(_deletion(wish.name, state)) if state.exists else ()
    elif state.exists:
        changes = tuple(_differences(state, after))
    else:
        changes = (_creation(wish, after), *_attachments(state, after))
    return Plan(changes, _shown(wish, state), _shown(wish, after), after)


def describe_managed(wish: ClientPolicyWish, state: ManagedState) -> dict[str, t.Any]:
    """The module's return values."""
    return {
        "name": wish.name,
        "policy_type": "managed",
        "policy_arn": state.arn,
        "policy_document": dict(state.document or {}),
        "default_version_id": state.default_version_id,
        "kms_key_arn": state.key_arn,
        "roles": names_of(state.attached, "role"),
        "groups": names_of(state.attached, "group"),
        "tags": dict(state.tags),
    }


def _future(wish: ClientPolicyWish, state: ManagedState) -> ManagedState:
    if not wish.present:
        return ManagedState(state.arn, state.account_id, key_arn=state.key_arn)
    wished = client_policy(wish.with_key(state.key_arn))
    kept = {target for target in state.attached if not _goes(wish, target)}
    after = replace(
        state,
        attached=frozenset({*kept, *wish.targets}),
        tags=tags.resulting(state.tags, wish.tags, wish.purge_tags),
    )
    if same(state.document, wished):
        return after
    return replace(after, document=wished, default_version_id=None)


def _goes(wish: ClientPolicyWish, target: Target) -> bool:
    """Users are never asked about: an attachment to one is somebody else's."""
    return wish.purge_attachments and target.kind != "user" and target not in wish.targets


def _creation(wish: ClientPolicyWish, after: ManagedState) -> Change:
    document = after.document or {}
    parameters: dict[str, t.Any] = {
        "PolicyName": wish.name,
        "Path": wish.path or "/",
        "Description": DESCRIPTION,
        "PolicyDocument": to_json(document),
    }
    if after.tags:
        parameters["Tags"] = tags.to_aws(after.tags)
    summary = {"name": wish.name, "policy_document": readable(document), "tags": dict(after.tags)}
    return Change("policy", None, summary, Call("iam", "create_policy", parameters))


def _differences(state: ManagedState, after: ManagedState) -> Iterator[Change]:
    yield from _document_changes(state, after)
    yield from _attachments(state, after)
    yield from _detachments(state, after)
    yield from _tag_changes(state, after)


def _document_changes(state: ManagedState, after: ManagedState) -> Iterator[Change]:
    if after.document == state.document or after.document is None:
        return
    for version in state.other_versions[: max(0, len(state.other_versions) + 2 - VERSIONS)]:
        yield _version_deletion(state.arn, version)
    parameters = {"PolicyArn": state.arn, "PolicyDocument": to_json(after.document), "SetAsDefault": True}
    call = Call("iam", "create_policy_version", parameters)
    yield Change("policy_document", readable(state.document or {}), readable(after.document), call)


def _version_deletion(arn: str, version: str) -> Change:
    call = Call("iam", "delete_policy_version", {"PolicyArn": arn, "VersionId": version})
    return Change(f"versions.{version}", version, None, call)


def _attachments(state: ManagedState, after: ManagedState) -> Iterator[Change]:
    for target in sorted(after.attached - state.attached, reverse=True):
        call = Call("iam", f"attach_{target.kind}_policy", {**target.parameters, "PolicyArn": state.arn})
        yield Change(f"{target.option}.{target.name}", None, state.arn, call)


def _detachments(state: ManagedState, after: ManagedState) -> Iterator[Change]:
    for target in sorted(state.attached - after.attached, reverse=True):
        call = Call("iam", f"detach_{target.kind}_policy", {**target.parameters, "PolicyArn": state.arn})
        yield Change(f"{target.option}.{target.name}", state.arn, None, call)


def _tag_changes(state: ManagedState, after: ManagedState) -> Iterator[Change]:
    added, removed = tags.to_set(state.tags, after.tags), tags.to_remove(state.tags, after.tags)
    between = dict(sorted({**state.tags, **added}.items()))
    if added:
        call = Call("iam", "tag_policy", {"PolicyArn": state.arn, "Tags": tags.to_aws(added)})
        yield Change("tags", dict(state.tags), between, call)
    if removed:
        call = Call("iam", "untag_policy", {"PolicyArn": state.arn, "TagKeys": removed})
        yield Change("tags", between, dict(after.tags), call)


def _deletion(name: str, state: ManagedState) -> Iterator[Change]:
    """IAM deletes a policy that nobody has and that has one version."""
    yield from _detachments(state, replace(state, attached=frozenset()))
    for version in state.other_versions:
        yield _version_deletion(state.arn, version)
    summary = {"name": name, "policy_document": readable(state.document or {}), "tags": dict(state.tags)}
    yield Change("policy", summary, None, Call("iam", "delete_policy", {"PolicyArn": state.arn}))


def _shown(wish: ClientPolicyWish, state: ManagedState) -> dict[str, t.Any] | None:
    if not state.exists:
        return None
    return {
        "groups": names_of(state.attached, "group"),
        "policy_document": readable(state.document or {}),
        "roles": names_of(state.attached, "role"),
        **({"tags": dict(state.tags)} if wish.tags is not None or not wish.present else {}),
    }
