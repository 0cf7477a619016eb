# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""A KMS key as it is and as it will be: plain values. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _key_policy as key_policy
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tags as tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._key_options import DEFAULT_ROTATION_PERIOD
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import (
    VERSION,
    readable,
    same,
    statements_of,
    with_statements,
)

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._key_options import KeyWish
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import Document, Statement

ENABLED, DISABLED, PENDING_DELETION = "Enabled", "Disabled", "PendingDeletion"
UNKNOWN_ID = "00000000-0000-0000-0000-000000000000"
"""Stands for the id of a key that does not exist yet, in the shape of one."""


@dataclass(frozen=True)
class KeyState:
    """A key as AWS shows it, or as it will be.

    :param arn: None while there is no key.
    :param aliased: whether the wished alias points at this key.
    :param alias_of: the ARN of another key that the wished alias points at.
    :param facts: what AWS says of the key that nobody can change (KeyManager, KeySpec, KeyUsage, Origin, dates).
    """

    partition: str
    account_id: str
    region: str
    arn: str | None = None
    aliased: bool = False
    alias_of: str | None = None
    key_state: str = ENABLED
    description: str = ""
    multi_region: bool = False
    rotation: bool = False
    rotation_period: int | None = None
    policy: Document | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, t.Any] = field(default_factory=dict)

    @property
    def exists(self) -> bool:
        """Whether there is a key; one that waits to be deleted is still there."""
        return self.arn is not None

    @property
    def is_going(self) -> bool:
        """Whether it waits to be deleted."""
        return self.key_state == PENDING_DELETION

    @property
    def key_id(self) -> str | None:
        """The id in the ARN."""
        return None if self.arn is None else self.arn.rpartition("/")[2]


def policy_name(alias: str) -> str:
    """The Id in the policy of a new key: it tells for which alias a key was made that has none yet."""
    return f"mlflow-key/{alias.removeprefix('alias/')}"


def wished_statements(wish: KeyWish, state: KeyState) -> list[Statement]:
    """Every statement that the policy must have: ours, then the user's."""
    partition, account = state.partition, state.account_id

    def arns(names: tuple[str, ...]) -> list[str]:
        return [key_policy.principal_arn(name, partition, account) for name in names]

    statements = key_policy.administration_statements(partition, account, arns(wish.administrators))
    if wish.users:
        statements.append(key_policy.use_statement(partition, wish.region, arns(wish.users), wish.buckets))
    if wish.app_key:
        creators = arns(wish.app_creators or (account,))
        statements += key_policy.app_statements(partition, wish.region, creators)
    return [*statements, *wish.policy_statements]


def future(wish: KeyWish, state: KeyState) -> KeyState:
    """The state that the wish makes of this one."""
    if not wish.present:
        return replace(state, key_state=PENDING_DELETION, rotation=False) if state.exists else state
    enabled = ENABLED if wish.enabled else DISABLED
    rotation, period = _rotation(wish, state)
    return replace(
        state,
        arn=state.arn or _unknown_arn(wish, state),
        aliased=True,
        key_state=enabled,
        description=state.description if wish.description is None else wish.description,
        multi_region=state.multi_region if state.exists else bool(wish.multi_region),
        rotation=rotation,
        rotation_period=period,
        policy=_policy(wish, state),
        tags=tags.resulting(state.tags, wish.tags, wish.purge_tags),
        facts={name: value for name, value in state.facts.items() if name != "DeletionDate"},
    )


def shown(wish: KeyWish, state: KeyState) -> dict[str, t.Any] | None:
    """What a diff shows; to somebody who wants the key gone, one that is going is gone."""
    if not state.exists or (not wish.present and state.is_going):
        return None
    values: dict[str, t.Any] = {
        "alias": wish.alias if state.aliased else None,
        "description": state.description,
        "enable_key_rotation": state.rotation,
        "key_state": state.key_state,
        "multi_region": state.multi_region,
        "policy": readable(state.policy or {}),
        "rotation_period_in_days": state.rotation_period,
    }
    if wish.tags is not None or not wish.present:
        values["tags"] = dict(state.tags)
    return dict(sorted(values.items()))


def describe(wish: KeyWish, state: KeyState) -> dict[str, t.Any]:
    """The module's return values."""
    facts = state.facts
    return {
        "alias": wish.alias,
        "alias_arn": f"arn:{state.partition}:kms:{state.region}:{state.account_id}:{wish.alias}",
        "arn": state.arn,
        "key_id": state.key_id,
        "account_id": state.account_id,
        "region": state.region,
        "key_state": state.key_state if state.exists else None,
        "description": state.description,
        "multi_region": state.multi_region,
        "enable_key_rotation": state.rotation,
        "rotation_period_in_days": state.rotation_period,
        "policy": dict(state.policy or {}),
        "tags": dict(state.tags),
        "creation_date": facts.get("CreationDate"),
        "deletion_date": facts.get("DeletionDate"),
    }


def _policy(wish: KeyWish, state: KeyState) -> Document:
    """As it is written when it already means that; the statements of others stay, unless they are to go."""
    wished = wished_statements(wish, state)
    if wish.purge_policy_statements and state.policy is not None:
        named = {statement.get("Sid") for statement in wished}
        kept = [each for each in statements_of(state.policy) if each.get("Sid") in named]
        document = with_statements({**state.policy, "Statement": kept}, wished)
    else:
        base = state.policy or {"Version": VERSION, "Id": policy_name(wish.alias), "Statement": []}
        document = with_statements(base, wished, remove_sids=key_policy.SIDS)
    return state.policy if state.policy is not None and same(state.policy, document) else document


def _rotation(wish: KeyWish, state: KeyState) -> tuple[bool, int | None]:
    """AWS takes no change of it while the key is disabled."""
    if not wish.enabled:
        return state.rotation, state.rotation_period
    if not wish.rotation:
        return False, None
    return True, wish.rotation_period or state.rotation_period or DEFAULT_ROTATION_PERIOD


def _unknown_arn(wish: KeyWish, state: KeyState) -> str:
    key_id = f"mrk-{UNKNOWN_ID.replace('-', '')}" if wish.multi_region else UNKNOWN_ID
    return f"arn:{state.partition}:kms:{state.region}:{state.account_id}:key/{key_id}"
