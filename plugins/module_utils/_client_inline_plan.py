# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""An inline policy for clients in roles and groups: what is, what differs, what must be done. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._client_policies import (
    allows_mlflow,
    client_policy,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call, Change, Plan
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import readable, same, to_json

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._client_policy_options import (
        ClientPolicyWish,
        Target,
    )
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import Document


@dataclass(frozen=True)
class InlineState:
    """The policy in each wished role and group.

    :param documents: of those that have it.
    :param missing: the roles and groups that do not exist.
    :param key_arn: of the wished key.
    """

    documents: Mapping[Target, Document] = field(default_factory=dict)
    missing: tuple[Target, ...] = ()
    key_arn: str | None = None


def plan_inline(wish: ClientPolicyWish, state: InlineState) -> Plan[InlineState]:
    """The plan from this state to the wish."""
    if wish.present:
        refuse_missing(state.missing)
    for target, document in state.documents.items():
        refuse_foreign(wish.name, f"the {target.kind} '{target.name}'", document)
    after = _future(wish, state)
    changes = (*_puts(wish.name, state, after), *_removals(wish.name, state, after))
    return Plan(changes, _shown(state), _shown(after), after)


def refuse_missing(missing: Iterable[Target]) -> None:
    """A policy can be given only to somebody."""
    for target in missing:
        raise MlflowError(
            f"{target.option}: there is no {target.kind} '{target.name}' in this account. Create it first, or correct the name (without "
            f"its path; aws iam list-{target.option} shows them)."
        )


def refuse_foreign(name: str, place: str, document: Document) -> None:
    """A policy that allows nothing in MLflow belongs to somebody else."""
    if not allows_mlflow(document):
        raise MlflowError(
            f"name: {place} has a policy '{name}' that allows nothing in MLflow: it belongs to somebody else and was left alone. "
            "Choose another name."
        )


def describe_inline(wish: ClientPolicyWish, state: InlineState) -> dict[str, t.Any]:
    """The module's return values."""
    return {
        "name": wish.name,
        "policy_type": "inline",
        "policy_arn": None,
        "policy_document": dict(next(iter(state.documents.values()), {})),
        "default_version_id": None,
        "kms_key_arn": state.key_arn,
        "roles": names_of(state.documents, "role"),
        "groups": names_of(state.documents, "group"),
        "tags": {},
    }


def names_of(targets: Iterable[Target], kind: str) -> list[str]:
    """The names of the roles or groups among the targets."""
    return sorted(target.name for target in targets if target.kind == kind)


def _future(wish: ClientPolicyWish, state: InlineState) -> InlineState:
    if not wish.present:
        return replace(state, documents={})
    wished = client_policy(wish.with_key(state.key_arn))
    documents = {
        target: present if (present := state.documents.get(target)) is not None and same(present, wished) else wished
        for target in wish.targets
    }
    return replace(state, documents=documents)


def _puts(name: str, state: InlineState, after: InlineState) -> Iterator[Change]:
    for target, document in after.documents.items():
        present = state.documents.get(target)
        if present == document:
            continue
        parameters = {**target.parameters, "PolicyName": name, "PolicyDocument": to_json(document)}
        call = Call("iam", f"put_{target.kind}_policy", parameters)
        before = None if present is None else readable(present)
        yield Change(f"{target.option}.{target.name}", before, readable(document), call)


def _removals(name: str, state: InlineState, after: InlineState) -> Iterator[Change]:
    for target, document in state.documents.items():
        if target not in after.documents:
            call = Call("iam", f"delete_{target.kind}_policy", {**target.parameters, "PolicyName": name})
            yield Change(f"{target.option}.{target.name}", readable(document), None, call)


def _shown(state: InlineState) -> dict[str, t.Any] | None:
    if not state.documents:
        return None
    shown: dict[str, t.Any] = {}
    for target, document in sorted(state.documents.items()):
        shown.setdefault(target.option, {})[target.name] = readable(document)
    return shown
