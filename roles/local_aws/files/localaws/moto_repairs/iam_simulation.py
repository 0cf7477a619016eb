# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM's policy simulator, on the evaluator that also decides real calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.iam.exceptions import IAMException, NotFoundException

from localaws.credentials import Principal
from localaws.iam_decision import PolicySet, Verdict, decide
from localaws.iam_policy import Caller, Effect, InvalidPolicyError, Policy, Request, evaluate
from localaws.iam_resources import boundary as boundary_of
from localaws.iam_resources import identity_policies, policies_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from localaws.credentials import Kind

PAGE = 100
_KINDS: dict[Kind, str] = {"assumed_role": "roles", "user": "users"}


def of_principal(backend: Any, params: Mapping[str, Any]) -> dict[str, Any]:
    """SimulatePrincipalPolicy: the policies of a user, group or role, and what the request adds."""
    arn = params["PolicySourceArn"]
    attached, boundary = _attached(backend, arn)
    return _simulated(
        params, [*attached, *_given(params)], boundary, params.get("CallerArn") or arn, backend.account_id
    )


def of_documents(params: Mapping[str, Any], account_id: str) -> dict[str, Any]:
    """SimulateCustomPolicy: only the policies in the request."""
    caller_arn = params.get("CallerArn") or f"arn:aws:iam::{account_id}:user/custom"
    return _simulated(params, _given(params), None, caller_arn, account_id)


def _attached(backend: Any, arn: str) -> tuple[list[Policy], list[Policy] | None]:
    """The identity policies and the boundary of what has this ARN."""
    for group in backend.groups.values():
        if group.arn == arn:
            return policies_of(group), None
    for kind, entities in _KINDS.items():
        for entity in getattr(backend, entities).values():
            if entity.arn == arn:
                principal = Principal(backend.account_id, arn, "", kind, name=entity.name)
                return identity_policies(principal, backend.partition), boundary_of(principal, backend.partition)
    raise NotFoundException(f"The source {arn} cannot be found.")


def _parsed(documents: Sequence[str], kind: str) -> list[Policy]:
    try:
        return [Policy.parse(text, f"{kind}.{number}") for number, text in enumerate(documents, 1)]
    except InvalidPolicyError as problem:
        raise IAMException("InvalidInput", f"The policy in {kind} is invalid: {problem}") from None


def _given(params: Mapping[str, Any]) -> list[Policy]:
    return _parsed(params.get("PolicyInputList") or [], "PolicyInputList")


def _simulated(
    params: Mapping[str, Any],
    identity: Sequence[Policy],
    boundary: Sequence[Policy] | None,
    caller_arn: str,
    account_id: str,
) -> dict[str, Any]:
    limits = params.get("PermissionsBoundaryPolicyInputList")
    if limits:
        boundary = _parsed(limits, "PermissionsBoundaryPolicyInputList")
    resource_policy = _parsed([params["ResourcePolicy"]], "ResourcePolicy")[0] if params.get("ResourcePolicy") else None
    policies = PolicySet(identity=tuple(identity), boundary=boundary, resource=resource_policy)
    context = {
        entry["ContextKeyName"].lower(): [str(value) for value in entry["ContextKeyValues"]]
        for entry in params.get("ContextEntries") or []
    }
    caller = Caller((caller_arn,), account_id)
    results = [
        _result(Request(action, resource, context, caller), policies)
        for action in params["ActionNames"]
        for resource in params.get("ResourceArns") or ["*"]
    ]
    return _page(results, params)


def _result(request: Request, policies: PolicySet) -> dict[str, Any]:
    verdict = decide(request, policies)
    statements = verdict.finding.statements
    result: dict[str, Any] = {
        "EvalActionName": request.action,
        "EvalResourceName": request.resource,
        "EvalDecision": _decision(verdict).value,
        "MatchedStatements": [
            {"SourcePolicyId": each.policy_name, "SourcePolicyType": "IAM Policy"} for each in statements
        ],
        "MissingContextValues": sorted(_missing(request, policies)),
    }
    if policies.boundary is not None:
        allowed = evaluate(policies.boundary, request).effect is Effect.ALLOW
        result["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": allowed}
    return result


def _decision(verdict: Verdict) -> Effect:
    if verdict.allowed:
        return Effect.ALLOW
    return Effect.DENY if verdict.explicit else Effect.NONE


def _missing(request: Request, policies: PolicySet) -> set[str]:
    """Context keys that the policies ask for and the request does not give."""
    asked = {key for policy in policies.identity for each in policy.statements for key in each.condition_keys()}
    return {key for key in asked if key.lower() not in request.context}


def _page(results: list[dict[str, Any]], params: Mapping[str, Any]) -> dict[str, Any]:
    start = int(params.get("Marker") or 0)
    following = start + int(params.get("MaxItems") or PAGE)
    answer: dict[str, Any] = {"EvaluationResults": results[start:following], "IsTruncated": following < len(results)}
    if following < len(results):
        answer["Marker"] = str(following)
    return answer
