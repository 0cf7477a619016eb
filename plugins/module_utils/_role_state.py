# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""A role as it is and as it will be: plain values, and what they mean for the user. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _role_trust as role_trust
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tags as tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policies import (
    BASIC_ACCESS,
    KMS_ACCESS,
    basic_access,
    kms_access,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import readable, same
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_options import policy_arn

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import Document
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_options import RoleWish

DEFAULT_MAX_SESSION_DURATION = 3600


@dataclass(frozen=True)
class RoleState:
    """A role as AWS shows it, or as it will be.

    :param inline_policies: the documents that were read; those of others are read only when they are to go.
    :param other_inline_policies: the names of the inline policies that were not read.
    :param instance_profiles: the names of the instance profiles that hold the role; read only to delete it.
    :param kms_key_arn: of the wished key.
    :param role_id: and C(create_date) are AWS's; None while the role is absent or only predicted.
    """

    partition: str
    account_id: str
    exists: bool
    trust: Document | None = None
    path: str = "/"
    description: str = ""
    max_session_duration: int = DEFAULT_MAX_SESSION_DURATION
    permissions_boundary: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    inline_policies: Mapping[str, Document] = field(default_factory=dict)
    other_inline_policies: tuple[str, ...] = ()
    managed_policies: tuple[str, ...] = ()
    instance_profiles: tuple[str, ...] = ()
    kms_key_arn: str | None = None
    role_id: str | None = None
    create_date: str | None = None

    def arn(self, name: str) -> str:
        """The role's ARN, also before it exists."""
        return f"arn:{self.partition}:iam::{self.account_id}:role{self.path}{name}"


def wished_policies(wish: RoleWish, state: RoleState) -> dict[str, Document]:
    """Every inline policy that the role must have: the service's own and the user's."""
    if wish.own_policies is not None:
        return {**wish.own_policies, **(wish.inline_policies or {})}
    documents = {
        BASIC_ACCESS: basic_access(
            state.partition,
            wish.region,
            state.account_id,
            wish.bucket or "",
            wish.prefix,
            artifact_deletion=wish.artifact_deletion,
            model_registration=wish.model_registration,
        )
    }
    if state.kms_key_arn:
        documents[KMS_ACCESS] = kms_access(state.kms_key_arn)
    return {**documents, **(wish.inline_policies or {})}


def future(wish: RoleWish, state: RoleState) -> RoleState:
    """The state that the wish makes of this one."""
    if not wish.present:
        return RoleState(partition=state.partition, account_id=state.account_id, exists=False, path=state.path)
    ours = role_trust.wished_statement(wish.trust, state.partition, state.account_id, wish.region, wish.service)
    trust = role_trust.merged(state.trust, ours, wish.service)
    return replace(
        state,
        exists=True,
        trust=state.trust if same(state.trust, trust) else trust,
        path=state.path if state.exists else wish.path or "/",
        description=_wished(wish.description, state.description),
        max_session_duration=_wished(wish.max_session_duration, state.max_session_duration),
        permissions_boundary=_wished(wish.permissions_boundary, state.permissions_boundary) or None,
        tags=tags.resulting(state.tags, wish.tags, wish.purge_tags),
        inline_policies=_future_inline_policies(wish, state),
        other_inline_policies=tuple(name for name in state.other_inline_policies if not goes(wish, name)),
        managed_policies=_future_managed_policies(wish, state),
    )


def shown(wish: RoleWish, state: RoleState, other: RoleState) -> dict[str, t.Any] | None:
    """What a diff shows of this state: the aspects that were asked about, or that differ from the other state."""
    if not state.exists:
        return None
    asked = {
        "path": wish.path is not None,
        "description": wish.description is not None,
        "max_session_duration": wish.max_session_duration is not None,
        "permissions_boundary": wish.permissions_boundary is not None,
        "tags": wish.tags is not None,
        "managed_policies": wish.managed_policies is not None or wish.purge_managed_policies,
    }
    values: dict[str, t.Any] = {
        "assume_role_policy_document": readable(state.trust or {}),
        "inline_policies": {name: readable(state.inline_policies[name]) for name in sorted(state.inline_policies)},
    }
    for aspect, wanted in asked.items():
        if wanted or not (wish.present and other.exists):
            values[aspect] = plain(getattr(state, aspect))
    return {key: values[key] for key in sorted(values)}


def describe(name: str, state: RoleState) -> dict[str, t.Any]:
    """The module's return values."""
    return {
        "name": name,
        "arn": state.arn(name),
        "account_id": state.account_id,
        "path": state.path,
        "role_id": state.role_id,
        "create_date": state.create_date,
        "description": state.description,
        "max_session_duration": state.max_session_duration,
        "assume_role_policy_document": state.trust or {},
        "inline_policies": dict(state.inline_policies),
        "other_inline_policies": list(state.other_inline_policies),
        "managed_policies": list(state.managed_policies),
        "permissions_boundary": state.permissions_boundary,
        "tags": dict(state.tags),
        "kms_key_arn": state.kms_key_arn,
    }


def plain(value: t.Any) -> t.Any:
    """As JSON knows it: lists and dicts."""
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, dict) else value


def _wished(wish: t.Any, present: t.Any) -> t.Any:
    return present if wish is None else wish


def _future_inline_policies(wish: RoleWish, state: RoleState) -> dict[str, Document]:
    """Each wished one as it is written when it already means that; others as they are, unless they are to go."""
    wished = wished_policies(wish, state)
    kept = {name: document for name, document in state.inline_policies.items() if not goes(wish, name)}
    for name, document in wished.items():
        present = state.inline_policies.get(name)
        kept[name] = present if present is not None and same(present, document) else document
    return dict(sorted(kept.items()))


def goes(wish: RoleWish, name: str) -> bool:
    """Whether a policy that is there, and is not wished, is removed: ours with an empty key, another's when told to."""
    return wish.without_key if name == KMS_ACCESS else wish.purge_inline_policies


def _future_managed_policies(wish: RoleWish, state: RoleState) -> tuple[str, ...]:
    wished = {policy_arn(policy, state.partition) for policy in wish.managed_policies or ()}
    kept = set() if wish.purge_managed_policies else set(state.managed_policies)
    return tuple(sorted(wished | kept))
