# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts all policies that bear on a request together, and says in AWS's words why it is denied."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from localaws.iam_policy import Effect, Finding, Match, Policy, Request, evaluate, evaluate_resource_policy

if TYPE_CHECKING:
    from collections.abc import Sequence

IDENTITY = "identity-based policy"
RESOURCE = "resource-based policy"
BOUNDARY = "permissions boundary"
SESSION = "session policy"


@dataclass(frozen=True)
class PolicySet:
    """Everything that limits or grants. None means that there is no such policy, () that it allows nothing."""

    identity: Sequence[Policy] = ()
    boundary: Sequence[Policy] | None = None
    session: Sequence[Policy] | None = None
    resource: Policy | None = None
    resource_account_id: str | None = None  # None: the caller's own
    resource_policy_decides: bool = False  # roles and KMS keys: nothing is allowed without their own policy


@dataclass(frozen=True)
class Verdict:
    """The decision and, when it is a denial, the end of AWS's message."""

    allowed: bool
    explicit: bool = False
    reason: str = ""
    finding: Finding = field(default_factory=lambda: Finding(Effect.NONE))


def decide(request: Request, policies: PolicySet) -> Verdict:
    """Evaluate in AWS's order: explicit denials, then the resource's policy, then the caller's own."""
    identity = evaluate(policies.identity, request)
    boundary = None if policies.boundary is None else evaluate(policies.boundary, request)
    session = None if policies.session is None else evaluate(policies.session, request)
    resource, match = (Finding(Effect.NONE), Match.NO)
    if policies.resource is not None:
        resource, match = evaluate_resource_policy(policies.resource, request)

    for finding, kind in ((identity, IDENTITY), (resource, RESOURCE), (boundary, BOUNDARY), (session, SESSION)):
        if finding is not None and finding.effect is Effect.DENY:
            return Verdict(False, True, f"with an explicit deny in {_article(kind)} {kind}", finding)
    if resource.effect is not Effect.ALLOW:
        match = Match.NO
    return _without_denial(request, policies, identity, match, {BOUNDARY: boundary, SESSION: session})


def _without_denial(
    request: Request, policies: PolicySet, identity: Finding, match: Match, limits: dict[str, Finding | None]
) -> Verdict:
    own_account = policies.resource_account_id in (None, request.caller.account_id if request.caller else None)
    if (policies.resource_policy_decides or not own_account) and match is Match.NO:
        return _denied(RESOURCE, request)
    granted_directly = own_account and match in (Match.DIRECT, Match.ITSELF)
    if identity.effect is not Effect.ALLOW and not granted_directly:
        return _denied(IDENTITY, request)
    if own_account and match is Match.ITSELF:
        # What names the user or the session itself is not limited by boundaries that merely do not mention it.
        return Verdict(True, finding=identity)
    for kind, limit in limits.items():
        if limit is not None and limit.effect is not Effect.ALLOW:
            return _denied(kind, request)
    return Verdict(True, finding=identity)


def _denied(kind: str, request: Request) -> Verdict:
    return Verdict(False, False, f"because no {kind} allows the {request.action} action")


def _article(kind: str) -> str:
    return "an" if kind == IDENTITY else "a"
