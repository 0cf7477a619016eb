# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""May this principal do that? Asked for every call when ``iam_enforcement`` is on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws import credentials, iam_resources
from localaws.iam_decision import PolicySet, Verdict, decide
from localaws.iam_policy import Caller, Request
from localaws.instance import current
from localaws.permissions import partition_of, required

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from localaws.credentials import Credentials, Principal
    from localaws.identify import Call

# STS lets everybody ask who they are, even against a denial.
_ALWAYS_ALLOWED = frozenset(("sts:GetCallerIdentity",))
_MEANT_UNSIGNED = frozenset(("AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"))
# Only these read a role's trust policy; for everything else a role has no policy of its own.
_TRUST_ACTIONS = ("sts:assumerole", "sts:tagsession", "sts:setsourceidentity")


class AccessDenied(Exception):  # noqa: N818  # AWS's own name for it
    """IAM says no, in the words of AWS."""

    def __init__(self, message: str, action: str = "", resource: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.action = action
        self.resource = resource


def authorize_call(principal: Principal, call: Call, connection: Mapping[str, str]) -> None:
    """Check every right that a call needs."""
    if not _is_enforced(principal) or call.operation in _MEANT_UNSIGNED:
        return
    for permission in required(call, principal.account_id):
        context = {**connection, **permission.context, "aws:requestedregion": call.region}
        authorize(principal, permission.action, permission.resource, context)


def authorize(
    principal: Principal, action: str, resource: str, context: Mapping[str, str | Sequence[str]] | None = None
) -> None:
    """Raise AccessDenied unless the principal may perform the action. Does nothing while IAM is not enforced."""
    if not _is_enforced(principal) or action in _ALWAYS_ALLOWED:
        return
    verdict = judge(principal, action, resource, context or {})
    if not verdict.allowed:
        raise AccessDenied(denial(principal, action, resource, verdict), action, resource)


def _is_enforced(principal: Principal) -> bool:
    """Nobody in particular has only what a resource grants to everybody, whether or not IAM is enforced."""
    return current().settings.iam_enforcement or principal.kind == "anonymous"


def judge(principal: Principal, action: str, resource: str, context: Mapping[str, str | Sequence[str]]) -> Verdict:
    """The decision itself, whether or not it is enforced."""
    partition = partition_of(current().settings.region)
    caller = caller_of(principal)
    request = Request(action, resource, _context(principal, resource, context, partition), caller)
    policy, owner, decides = iam_resources.resource_policy(resource)
    if resource.split(":")[2:3] == ["iam"] and not action.lower().startswith(_TRUST_ACTIONS):
        policy, decides = None, False
    if principal.kind == "root" and principal.session_policy is None:
        return _judge_root(request, policy, owner)
    policies = PolicySet(
        identity=iam_resources.identity_policies(principal, partition),
        boundary=iam_resources.boundary(principal, partition),
        session=iam_resources.session_policies(principal),
        resource=policy,
        resource_account_id=owner,
        resource_policy_decides=decides,
    )
    return decide(request, policies)


def caller_of(principal: Principal) -> Caller:
    """The names by which resource policies know a principal."""
    arns = [principal.arn]
    if principal.kind == "assumed_role":
        partition = principal.arn.split(":")[1]
        arns.append(iam_resources.arn_of("role", principal.name, principal.account_id, partition, None))
    return Caller(tuple(arns), principal.account_id)


def denial(principal: Principal, action: str, resource: str, verdict: Verdict) -> str:
    """AWS's sentence. S3 puts the resource in quotation marks; an anonymous caller is told nothing."""
    if principal.kind == "anonymous":
        return "Access Denied"
    shown = f'"{resource}"' if action.startswith("s3:") else resource
    return f"User: {principal.arn} is not authorized to perform: {action} on resource: {shown} {verdict.reason}"


def role_credentials(role_arn: str) -> Credentials:
    """Credentials with which an MLflow process acts as its resource's role."""
    running = current()
    with running.changes.lock:
        found = credentials.role_credentials(role_arn, running.settings)
    running.changes.mark()
    return found


def _judge_root(request: Request, policy: object, owner: str | None) -> Verdict:
    """The root user may do everything in its account but what a resource's policy denies."""
    from localaws.iam_policy import Effect, Policy, evaluate_resource_policy

    if not isinstance(policy, Policy) or request.action.lower().startswith("sts:"):
        return Verdict(True)
    finding, _unused = evaluate_resource_policy(policy, request)
    if finding.effect is Effect.DENY and request.action not in ("s3:DeleteBucketPolicy", "s3:PutBucketPolicy"):
        return Verdict(False, True, "with an explicit deny in a resource-based policy", finding)
    foreign = owner is not None and request.caller is not None and owner != request.caller.account_id
    if foreign and finding.effect is not Effect.ALLOW:
        return Verdict(False, False, f"because no resource-based policy allows the {request.action} action")
    return Verdict(True)


def _context(
    principal: Principal, resource: str, given: Mapping[str, str | Sequence[str]], partition: str
) -> dict[str, list[str]]:
    """The global condition keys, and whatever the call brings."""
    running = current()
    context: dict[str, list[str]] = {
        "aws:principalarn": [caller_of(principal).arns[-1]],
        "aws:principalaccount": [principal.account_id],
        "aws:principaltype": [{"root": "Account", "user": "User"}.get(principal.kind, "AssumedRole")],
        "aws:userid": [principal.user_id],
        "aws:securetransport": [str(running.settings.secure_transport).lower()],
        "aws:currenttime": [f"{running.clock.now():%Y-%m-%dT%H:%M:%SZ}"],
        "aws:epochtime": [str(int(running.clock.time()))],
        "aws:sourceip": ["127.0.0.1"],
        "aws:viaawsservice": ["false"],
        "aws:principalisawsservice": ["false"],
        "aws:requestedregion": [running.settings.region],
        "aws:resourceaccount": [_account_of(resource, principal.account_id)],
        "s3:resourceaccount": [_account_of(resource, principal.account_id)],
    }
    if principal.kind == "user":
        context["aws:username"] = [principal.name]
    for key, value in iam_resources.principal_tags(principal, partition).items():
        context[f"aws:principaltag/{key.lower()}"] = [value]
    for key, value in iam_resources.resource_tags(resource).items():
        for prefix in ("aws", resource.split(":")[2]):
            context[f"{prefix}:resourcetag/{key.lower()}"] = [value]
    for key, values in given.items():
        context[key.lower()] = [values] if isinstance(values, str) else [str(each) for each in values]
    return context


def _account_of(resource: str, default: str) -> str:
    owner = iam_resources.resource_policy(resource)[1]
    parts = resource.split(":")
    return owner or (parts[4] if len(parts) > 5 and parts[4] else default)
