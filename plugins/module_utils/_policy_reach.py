# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What a policy document lets somebody do, as far as an audit asks. Pure."""

from __future__ import annotations

import fnmatch
import re
import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import as_list, statements_of

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import Document, Statement

_SERVICE_WILDCARD = re.compile(r"^[a-z0-9-]+:\*$", re.IGNORECASE)
_ACCOUNT = re.compile(r"^(?:arn:[a-z0-9-]+:(?:iam|sts)::)?([0-9]{12})(?::.*)?$")
# A statement for everybody that asks for one of these is not public.
_NARROWING = frozenset(
    (
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceip",
        "aws:sourceorgid",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:userid",
        "s3:dataaccesspointaccount",
        "s3:dataaccesspointarn",
        "kms:calleraccount",
    )
)
_KEY_USES = ("kms:decrypt", "kms:reencryptfrom")
_ALL_KEYS = re.compile(r"^(\*|arn:[a-z0-9*-]+:kms:[a-z0-9*-]*:[0-9*]*:(\*|key/\*))$")


def allowing(documents: Mapping[str, Document]) -> list[tuple[str, Statement]]:
    """Every statement that allows something, with the name of its policy."""
    return [
        (name, statement)
        for name, document in documents.items()
        for statement in statements_of(document)
        if statement.get("Effect") == "Allow"
    ]


def covers(statement: Statement, action: str) -> bool:
    """Whether a statement is about an action."""
    if "NotAction" in statement:
        return not _matches(as_list(statement["NotAction"]), action)
    return _matches(as_list(statement.get("Action")), action)


def covers_any(statement: Statement, actions: Iterable[str]) -> bool:
    """Whether a statement is about one of these actions."""
    return any(covers(statement, action) for action in actions)


def is_administrative(statement: Statement) -> bool:
    """Every action on every resource."""
    return "*" in as_list(statement.get("Resource")) and any(
        action in ("*", "*:*") for action in as_list(statement.get("Action"))
    )


def wildcards(statement: Statement) -> list[str]:
    """What stands for every action of a service, or of all."""
    named = [str(a) for a in as_list(statement.get("Action")) if a == "*" or _SERVICE_WILDCARD.match(str(a))]
    return named + (["NotAction"] if "NotAction" in statement else [])


def decrypts_with_any_key(statement: Statement) -> bool:
    """Whether a statement lets somebody decrypt with whatever key there is."""
    if not covers_any(statement, _KEY_USES):
        return False
    return "NotResource" in statement or any(_ALL_KEYS.match(str(arn)) for arn in as_list(statement.get("Resource")))


def conditions(statement: Statement) -> dict[str, list[str]]:
    """Every condition key of a statement in lower case, with its values."""
    found: dict[str, list[str]] = {}
    for keys in (statement.get("Condition") or {}).values():
        for key, wanted in keys.items():
            found.setdefault(key.lower(), []).extend(str(value).lower() for value in as_list(wanted))
    return found


def is_for_everybody(statement: Statement) -> bool:
    """Whether the principal is everybody, whatever the conditions say."""
    principal = statement.get("Principal")
    return principal == "*" or (isinstance(principal, dict) and "*" in as_list(principal.get("AWS")))


def is_public(statement: Statement) -> bool:
    """Whether a statement allows something to everybody."""
    if statement.get("Effect") != "Allow":
        return False
    everybody = is_for_everybody(statement) or "NotPrincipal" in statement
    return everybody and not _NARROWING & set(conditions(statement))


def foreign_accounts(statement: Statement, account_id: str) -> list[str]:
    """The accounts but this one that a statement names as principals; C(*) for everybody."""
    principal = statement.get("Principal")
    if is_for_everybody(statement):
        return ["*"]
    named = as_list(principal.get("AWS")) if isinstance(principal, dict) else []
    accounts = {found[1] for name in named if (found := _ACCOUNT.match(str(name)))}
    return sorted(accounts - {account_id})


def resources(statement: Statement) -> list[str]:
    """The resources of a statement; C(*) for all but some."""
    return ["*"] if "NotResource" in statement else [str(arn) for arn in as_list(statement.get("Resource"))]


def _matches(patterns: Iterable[t.Any], action: str) -> bool:
    return any(fnmatch.fnmatchcase(action.lower(), str(pattern).lower()) for pattern in patterns)
