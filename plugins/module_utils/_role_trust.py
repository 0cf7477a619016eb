# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Trust policies: who may take a role, and our statement among those of others. Pure."""

from __future__ import annotations

import fnmatch
import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policies import (
    SERVICE_PRINCIPAL,
    any_sagemaker_resource,
    service_trust_statement,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import (
    VERSION,
    as_list,
    same_statement,
    statements_of,
)

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import Document, Statement
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_options import TrustWish

_ASSUME = "sts:assumerole"


def wished_statement(
    wish: TrustWish, partition: str, account_id: str, region: str, service: str = SERVICE_PRINCIPAL
) -> Statement:
    """The statement that lets the service take the role, with the conditions that are wished."""
    if not wish.protected:
        return service_trust_statement(None, (), service)
    account = wish.source_account or account_id
    arns = wish.source_arns or (any_sagemaker_resource(partition, region, account),)
    return service_trust_statement(account, arns, service)


def merged(present: Mapping[str, t.Any] | None, ours: Statement, service: str = SERVICE_PRINCIPAL) -> Document:
    """The trust policy with our statement instead of whatever let the service take the role before.

    Everything that lets others in, or lets the service do more than to take the role, stays.
    """
    if present is None:
        return {"Version": VERSION, "Statement": [ours]}
    statements: list[Statement] = []
    placed = False
    for statement in statements_of(present):
        if not _lets_in(statement, service):
            statements.append(statement)
            continue
        if not placed:
            is_ours = same_statement(statement, ours, with_sid=False)
            statements.append(statement if is_ours else ours)
            placed = True
        statements.extend(_rest(statement, service))
    return {**present, "Statement": statements if placed else [*statements, ours]}


def admits(document: Mapping[str, t.Any], service: str = SERVICE_PRINCIPAL) -> bool:
    """Whether the service may take the role."""
    return any(_lets_in(statement, service) for statement in statements_of(document))


def others(document: Mapping[str, t.Any], service: str = SERVICE_PRINCIPAL) -> list[str]:
    """Who else may take the role."""
    found: set[str] = set()
    for statement in statements_of(document):
        principal = statement.get("Principal")
        if statement.get("Effect") != "Allow":
            continue
        named = (
            [principal] if isinstance(principal, str) else [n for p in (principal or {}).values() for n in as_list(p)]
        )
        found.update(str(name) for name in named)
    return sorted(found - {service})


def _lets_in(statement: Statement, service: str) -> bool:
    return (
        statement.get("Effect") == "Allow"
        and service in _services(statement)
        and any(_is_assume(action) for action in as_list(statement.get("Action")))
    )


def _services(statement: Statement) -> list[str]:
    principal = statement.get("Principal")
    return as_list(principal.get("Service")) if isinstance(principal, dict) else []


def _is_assume(action: str) -> bool:
    return fnmatch.fnmatchcase(_ASSUME, action.lower())


def _rest(statement: Statement, service: str) -> list[Statement]:
    """What a statement that lets the service in does besides."""
    rest: list[Statement] = []
    principal = dict(statement["Principal"])
    services = [name for name in _services(statement) if name != service]
    principal.pop("Service")
    if services:
        principal["Service"] = services
    if principal:
        rest.append({**statement, "Principal": principal})
    actions = [action for action in as_list(statement["Action"]) if not _is_assume(action)]
    if actions:
        further = {**statement, "Principal": {"Service": service}, "Action": actions}
        if rest:
            further.pop("Sid", None)  # it stays with the first part: a Sid must be unique
        rest.append(further)
    return rest
