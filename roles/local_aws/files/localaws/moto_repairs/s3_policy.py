# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bucket policies: moto stores any bytes, S3 reads them first."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from moto.iam.models import iam_backends

from localaws.moto_repairs.s3_errors import s3_error

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSIONS = ("2008-10-17", "2012-10-17")
COLLAPSED = ("Action", "NotAction", "Resource", "NotResource")
PRINCIPAL = re.compile(
    r"\*|\d{12}|arn:aws[a-z-]*:iam::(?P<account>\d{12}):(?P<entity>root|(?:user|role)/.+)|arn:aws[a-z-]*:sts::\d{12}:.+"
    r"|arn:aws[a-z-]*:iam::cloudfront:user/.+"
)


def canonical(text: bytes, bucket: str) -> bytes:
    """The policy as S3 gives it back: compact, and lists of one thing as the thing. Raises what S3 raises."""
    try:
        policy = json.loads(text)
    except ValueError:
        raise _malformed("Policies must be valid JSON and the first byte must be '{'") from None
    if not isinstance(policy, dict):
        raise _malformed("Policies must be valid JSON and the first byte must be '{'")
    if policy.get("Version", VERSIONS[0]) not in VERSIONS:
        raise _malformed("The policy must contain a valid version string")
    statements = policy.get("Statement")
    statements = [statements] if isinstance(statements, dict) else statements
    if not isinstance(statements, list) or not statements:
        raise _malformed("Missing required field Statement")
    _check_sids(statements)
    policy["Statement"] = [_canonical_statement(statement, bucket) for statement in statements]
    return json.dumps(policy, separators=(",", ":")).encode()


def _malformed(message: str) -> Exception:
    return s3_error("MalformedPolicy", message)


def _check_sids(statements: list[Any]) -> None:
    sids = [each["Sid"] for each in statements if isinstance(each, dict) and each.get("Sid")]
    if len(set(sids)) < len(sids):
        raise _malformed("Statement IDs (SID) in a single policy must be unique.")


def _canonical_statement(statement: Any, bucket: str) -> dict[str, Any]:
    if not isinstance(statement, dict):
        raise _malformed("Policy has invalid syntax: a Statement is an object")
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise _malformed("Missing required field Effect" if "Effect" not in statement else "Invalid effect in policy")
    for pair in (("Principal", "NotPrincipal"), ("Action", "NotAction"), ("Resource", "NotResource")):
        if sum(name in statement for name in pair) != 1:
            raise _malformed(f"Missing required field {pair[0]}")
    _check_actions(statement)
    _check_resources(statement, bucket)
    for name in ("Principal", "NotPrincipal"):
        if name in statement:
            statement[name] = _canonical_principal(statement[name])
    return {key: _collapsed(value) if key in COLLAPSED else value for key, value in statement.items()}


def _many(value: Any) -> Iterator[str]:
    yield from value if isinstance(value, list) else [value]


def _collapsed(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _check_actions(statement: dict[str, Any]) -> None:
    for action in _many(statement.get("Action", statement.get("NotAction"))):
        if not isinstance(action, str) or not re.fullmatch(r"\*|(?i:s3[a-z-]*):[A-Za-z0-9*?]+", action):
            raise _malformed("Policy has invalid action")


def _check_resources(statement: dict[str, Any], bucket: str) -> None:
    own = re.compile(rf"arn:aws[a-z-]*:s3:::{re.escape(bucket)}(?:/.*)?")
    wild = re.compile(r"arn:aws[a-z-]*:s3:::([^/]*[*?][^/]*)(?:/.*)?")
    for resource in _many(statement.get("Resource", statement.get("NotResource"))):
        text = str(resource)
        pattern = wild.fullmatch(text)
        if text == "*" or own.fullmatch(text) or (pattern and _glob(pattern.group(1)).fullmatch(bucket)):
            continue
        raise _malformed("Policy has invalid resource")


def _glob(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "."))


def _canonical_principal(principal: Any) -> Any:
    if principal == "*":
        return principal
    if not isinstance(principal, dict) or not principal:
        raise _malformed("Invalid principal in policy")
    for kind, names in principal.items():
        if kind not in ("AWS", "Service", "Federated", "CanonicalUser"):
            raise _malformed("Invalid principal in policy")
        for name in _many(names):
            if kind == "AWS" and not _is_principal(str(name)):
                raise _malformed("Invalid principal in policy")
    return {kind: _collapsed(names) for kind, names in principal.items()}


def _is_principal(name: str) -> bool:
    """S3 looks users and roles up; of other accounts' nothing is known here, so they are believed."""
    match = PRINCIPAL.fullmatch(name)
    if match is None:
        return False
    account, entity = match.group("account"), match.group("entity")
    if account is None or entity == "root" or not iam_backends[account]["aws"].roles:
        return True
    backend = iam_backends[account]["aws"]
    return any(each.arn == name for each in (*backend.roles.values(), *backend.users.values()))
