# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what IAM policies allow, as the IAM user guide's page "Policy evaluation logic" describes.

moto's own enforcement cannot be used: it judges every service but S3 against the resource ``*``, takes an
unmet condition for an explicit denial, and knows neither boundaries nor session policies.
Everything here is a pure function of documents and a request; nothing reads a backend.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, cast

from localaws.iam_conditions import UnknownOperatorError, as_list, condition_keys, conditions_hold, like, with_variables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Effect(Enum):
    """What a set of policies says about a request; the values are those of the IAM simulator."""

    ALLOW = "allowed"
    DENY = "explicitDeny"
    NONE = "implicitDeny"


class Match(Enum):
    """How the Principal of a resource policy names a caller."""

    NO = 0
    ACCOUNT = 1  # delegates to the account: its identity policies decide
    DIRECT = 2  # grants to everybody, or to the role whose session asks
    ITSELF = 3  # grants to this very user or session


@dataclass(frozen=True)
class Caller:
    """Who asks, in the ways a resource policy may name them."""

    arns: tuple[str, ...]  # of a session: its own ARN first, then its role's
    account_id: str
    service: str | None = None  # "sagemaker.amazonaws.com" when a service asks on its own behalf


@dataclass(frozen=True)
class Request:
    """One action on one resource. Context keys are lower case."""

    action: str
    resource: str
    context: Mapping[str, Sequence[str]] = field(default_factory=dict)
    caller: Caller | None = None


class InvalidPolicyError(ValueError):
    """A document that is no IAM policy."""


@dataclass(frozen=True)
class Statement:
    """One statement of a policy."""

    body: Mapping[str, object]
    policy_name: str = ""

    @property
    def sid(self) -> str:
        return str(self.body.get("Sid", ""))

    @property
    def effect(self) -> Effect:
        return Effect.DENY if self.body.get("Effect") == "Deny" else Effect.ALLOW

    def condition_keys(self) -> set[str]:
        """The context keys that the statement asks for (for the simulator's MissingContextValues)."""
        return condition_keys(self._conditions())

    def _conditions(self) -> Mapping[str, Mapping[str, object]]:
        return cast("Mapping[str, Mapping[str, object]]", self.body.get("Condition") or {})

    def covers(self, request: Request) -> bool:
        """Whether action, resource and conditions match (not the principal)."""
        return self._action_matches(request) and self._resource_matches(request) and self._conditions_hold(request)

    def _action_matches(self, request: Request) -> bool:
        if "NotAction" in self.body:
            return not any(like(request.action, each, ignore_case=True) for each in as_list(self.body["NotAction"]))
        return any(like(request.action, each, ignore_case=True) for each in as_list(self.body.get("Action", [])))

    def _resource_matches(self, request: Request) -> bool:
        if "NotResource" in self.body:
            return not self._any_resource(as_list(self.body["NotResource"]), request)
        # A trust policy has no Resource: the role that carries it is meant.
        return "Resource" not in self.body or self._any_resource(as_list(self.body["Resource"]), request)

    @staticmethod
    def _any_resource(patterns: Iterable[str], request: Request) -> bool:
        for each in patterns:
            filled = with_variables(each, request.context)
            if filled is not None and like(request.resource, filled):
                return True
        return False

    def _conditions_hold(self, request: Request) -> bool:
        try:
            return conditions_hold(self._conditions(), request.context)
        except UnknownOperatorError:
            # A condition nobody understands must never widen access.
            return self.effect is Effect.DENY

    def principal_match(self, caller: Caller) -> Match:
        """How the statement's Principal (or NotPrincipal) names the caller."""
        if "NotPrincipal" in self.body:
            named = _principal_match(self.body["NotPrincipal"], caller)
            return Match.DIRECT if named is Match.NO else Match.NO
        return _principal_match(self.body.get("Principal"), caller)


def _principal_match(principal: object, caller: Caller) -> Match:
    if principal == "*":
        return Match.DIRECT
    if not isinstance(principal, dict):
        return Match.NO
    if caller.service is not None:
        services = as_list(principal.get("Service", []))
        return Match.DIRECT if caller.service in services or "*" in services else Match.NO
    named = [_aws_principal_match(each, caller) for each in as_list(principal.get("AWS", []))]
    return max(named, key=lambda match: match.value, default=Match.NO)


def _aws_principal_match(name: str, caller: Caller) -> Match:
    if name in caller.arns[:1]:
        return Match.ITSELF
    if name == "*" or name in caller.arns:
        return Match.DIRECT
    is_account = name == caller.account_id or (
        name.endswith(":root") and name.split(":")[4:5] == [caller.account_id] and ":iam:" in name
    )
    return Match.ACCOUNT if is_account else Match.NO


@dataclass(frozen=True)
class Policy:
    """A parsed policy document."""

    statements: tuple[Statement, ...]
    name: str = ""

    @classmethod
    def parse(cls, document: str | bytes | Mapping[str, object], name: str = "") -> Policy:
        """Read a document; raises InvalidPolicyError when it is none."""
        if isinstance(document, (str, bytes)):
            try:
                document = json.loads(document)
            except ValueError as error:
                raise InvalidPolicyError(f"not JSON: {error}") from error
        if not isinstance(document, dict) or "Statement" not in document:
            raise InvalidPolicyError("a policy is an object with a Statement")
        listed = document["Statement"]
        bodies = listed if isinstance(listed, list) else [listed]
        if not all(isinstance(each, dict) for each in bodies):
            raise InvalidPolicyError("a statement is an object")
        return cls(tuple(Statement(each, name) for each in bodies), name)


@dataclass(frozen=True)
class Finding:
    """The effect of some policies, and the statements it comes from."""

    effect: Effect
    statements: tuple[Statement, ...] = ()


def evaluate(policies: Iterable[Policy], request: Request) -> Finding:
    """What identity policies (or a boundary, or session policies) say."""
    matching = [statement for policy in policies for statement in policy.statements if statement.covers(request)]
    return _finding(matching)


def evaluate_resource_policy(policy: Policy, request: Request) -> tuple[Finding, Match]:
    """What a policy on the resource says to the caller, and how closely it names them."""
    if request.caller is None:
        raise ValueError("a resource policy can only be judged for a caller")
    named = [
        (statement, match)
        for statement in policy.statements
        if (match := statement.principal_match(request.caller)) is not Match.NO and statement.covers(request)
    ]
    allowing = [match for statement, match in named if statement.effect is Effect.ALLOW]
    return _finding([statement for statement, _unused in named]), max(
        allowing, key=lambda each: each.value, default=Match.NO
    )


def _finding(matching: Sequence[Statement]) -> Finding:
    for effect in (Effect.DENY, Effect.ALLOW):
        found = tuple(statement for statement in matching if statement.effect is effect)
        if found:
            return Finding(effect, found)
    return Finding(Effect.NONE)
