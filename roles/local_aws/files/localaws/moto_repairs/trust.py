# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a role's trust policy lets somebody assume it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.iam_policy import Caller, Effect, InvalidPolicyError, Policy, Request, evaluate_resource_policy

if TYPE_CHECKING:
    from collections.abc import Mapping


def service_may_assume(role: Any, service: str, context: Mapping[str, str]) -> bool:
    """A service asks on behalf of a resource: C(aws:SourceAccount) and C(aws:SourceArn) tell which."""
    return _may_assume(role, Caller(arns=(), account_id=role.account_id, service=service), context)


def principal_may_assume(role: Any, arn: str, context: Mapping[str, str]) -> bool:
    """A user, a session or an account asks."""
    parts = arn.split(":")
    names = [arn]
    if parts[2] == "sts" and parts[5].startswith("assumed-role/"):
        # A session is also known by its role; the role's path is not part of the session's ARN.
        names.append(f"arn:{parts[1]}:iam::{parts[4]}:role/{parts[5].split('/')[1]}")
    return _may_assume(role, Caller(arns=tuple(names), account_id=parts[4]), context)


def _may_assume(role: Any, caller: Caller, context: Mapping[str, str]) -> bool:
    try:
        policy = Policy.parse(role.assume_role_policy_document)
    except InvalidPolicyError:
        return False
    values = {key.lower(): [value] for key, value in context.items()}
    finding, _unused = evaluate_resource_policy(policy, Request("sts:AssumeRole", role.arn, values, caller))
    return finding.effect is Effect.ALLOW
