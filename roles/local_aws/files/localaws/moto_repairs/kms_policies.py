# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which policies KMS takes for a key. moto takes anything."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import JsonRESTError

from localaws.authorization import caller_of
from localaws.iam_policy import Effect, InvalidPolicyError, Policy, Request, evaluate_resource_policy
from localaws.iam_resources import iam_backend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localaws.credentials import Principal

_PRINCIPAL = re.compile(r"arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:(root|(role|user|assumed-role|federated-user)/[^*?]+)")
_ACCOUNT = re.compile(r"[0-9]{12}")
_LONGEST = 32_768
_LOCKED_OUT = "The new key policy will not allow you to update the key policy in the future."


def require_acceptable(document: str, principal: Principal, partition: str, key_arn: str, bypass: bool) -> None:
    """Raise what KMS answers to a policy that it does not take."""
    if len(document) > _LONGEST:
        raise JsonRESTError("LimitExceededException", f"The policy has more than {_LONGEST} characters.")
    try:
        policy = Policy.parse(document)
        statements = json.loads(document)["Statement"]
    except (InvalidPolicyError, ValueError, KeyError, TypeError) as error:
        raise _malformed(f"The policy document is malformed: {error}") from None
    for statement in statements if isinstance(statements, list) else [statements]:
        _require_statement(statement, principal.account_id, partition)
    if not bypass and not _may_put_policy(policy, principal, key_arn):
        raise _malformed(_LOCKED_OUT)


def _require_statement(statement: dict[str, Any], account_id: str, partition: str) -> None:
    if not statement.get("Principal") and not statement.get("NotPrincipal"):
        raise _malformed("Policy document should specify a principal.")
    if not statement.get("Resource") and not statement.get("NotResource"):
        raise _malformed("Policy statement must contain resources.")
    for name in _aws_principals(statement.get("Principal")):
        if not _is_visible(name, account_id, partition):
            raise _malformed("Policy contains a statement with one or more invalid principals.")


def _aws_principals(principal: Any) -> Iterator[str]:
    named = principal.get("AWS", []) if isinstance(principal, dict) else []
    yield from [named] if isinstance(named, str) else named


def _is_visible(name: str, account_id: str, partition: str) -> bool:
    """Whether the principal exists, as far as one account can tell."""
    if name == "*" or _ACCOUNT.fullmatch(name):
        return True
    if not _PRINCIPAL.fullmatch(name):
        return False
    owner, resource = name.split(":")[4], name.split(":", 5)[5]
    if owner != account_id or resource.startswith(("root", "assumed-role/", "federated-user/")):
        return True
    backend = iam_backend(account_id, partition)
    known = backend.roles if resource.startswith("role/") else backend.users
    return any(each.arn == name for each in list(known.values()))


def _may_put_policy(policy: Policy, principal: Principal, key_arn: str) -> bool:
    """Whether the key's policy lets the caller (or the account, whose IAM policies decide) change it again."""
    context = {"aws:principalarn": [caller_of(principal).arns[-1]], "aws:principalaccount": [principal.account_id]}
    request = Request("kms:PutKeyPolicy", key_arn, context, caller_of(principal))
    return evaluate_resource_policy(policy, request)[0].effect is Effect.ALLOW


def _malformed(message: str) -> JsonRESTError:
    return JsonRESTError("MalformedPolicyDocumentException", message)
