# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a policy document means, told without our code: AWS takes a value for a list of one, and its order for nothing."""

from __future__ import annotations

import json
import typing as t

Statement = t.Mapping[str, t.Any]
LISTS = ("Action", "NotAction", "Resource", "NotResource")


def policy_meaning(document: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """A document: what is equal here means the same."""
    statements = document["Statement"]
    each = [
        statement_meaning(statement) for statement in ([statements] if isinstance(statements, dict) else statements)
    ]
    return {
        "Version": document.get("Version", "2008-10-17"),
        "Id": document.get("Id"),
        "Statement": in_any_order(each),
    }


def in_any_order(statements: t.Iterable[t.Any]) -> list[t.Any]:
    """Statements in one order, each once."""
    unique = {json.dumps(statement, sort_keys=True): statement for statement in statements}
    return [unique[text] for text in sorted(unique)]


def statement_meaning(statement: Statement) -> dict[str, t.Any]:
    """A statement: every value as a sorted list."""
    meaning: dict[str, t.Any] = {}
    for key, value in statement.items():
        if key in LISTS:
            meaning[key] = _sorted(value)
        elif key in ("Principal", "NotPrincipal"):
            named = {"AWS": value} if isinstance(value, str) else value
            meaning[key] = {kind: sorted(map(_account, _sorted(names))) for kind, names in named.items()}
        elif key == "Condition":
            meaning[key] = {
                operator: {name: _sorted(wanted) for name, wanted in keys.items()} for operator, keys in value.items()
            }
        else:
            meaning[key] = value
    return meaning


def _account(principal: str) -> str:
    """The root of an account means the account."""
    return principal.split(":")[4] if principal.endswith(":root") else principal


def _sorted(value: t.Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return sorted({str(each).lower() if isinstance(each, bool) else str(each) for each in values})
