# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The controls of roles, users and keys, as functions of what was read. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _policy_reach as reach
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _role_trust as role_trust
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._audit_control import (
    FAIL,
    PASS,
    Observed,
    Verdict,
    failed,
    judged,
    without_object,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policies import SERVICE_PRINCIPAL
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import as_list, statements_of

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import Document, Statement

_GOING = ("PendingDeletion", "PendingReplicaDeletion")
_ESCALATING = (
    "iam:PassRole",
    "iam:CreateRole",
    "iam:PutRolePolicy",
    "iam:AttachRolePolicy",
    "iam:CreateAccessKey",
    "iam:UpdateAssumeRolePolicy",
    "sts:AssumeRole",
)
_MLFLOW_ACTIONS = ("sagemaker-mlflow:", "sagemaker:callmlflowappapi", "sagemaker:createpresignedmlflow")


def no_administration(seen: Observed) -> Verdict:
    """IAM.1."""
    names = [name for name, statement in reach.allowing(_own_documents(seen)) if reach.is_administrative(statement)]
    return judged(
        not names,
        "No policy of the service role allows everything.",
        f"These policies of the service role allow every action on every resource: {_list(names)}.",
    )


def no_service_wildcards(seen: Observed) -> Verdict:
    """IAM.21."""
    found = [
        f"{name} ({', '.join(wide)})"
        for name, statement in reach.allowing(_own_documents(seen))
        if (wide := reach.wildcards(statement))
    ]
    return judged(
        not found,
        "No policy of the service role allows all actions of a service.",
        f"These policies of the service role allow all actions of a service: {_list(found)}.",
    )


def no_policies_on_users(seen: Observed) -> Verdict:
    """IAM.2, as far as it is about this MLflow: rights on it come by role or group."""
    subject = seen.subject
    prefixes = (subject.bucket_arn, subject.arn)
    users: Mapping[str, Mapping[str, Document]] = seen["users"]
    found = sorted(
        user
        for user, documents in users.items()
        if any(_is_about(statement, prefixes) for _name, statement in reach.allowing(documents))
    )
    return judged(
        not found,
        f"No policy that is attached to one of {len(users)} users grants rights on MLflow.",
        f"Policies on these users grant rights on MLflow: {_list(found)}.",
    )


def no_wide_decryption(source: str, whose: str) -> Callable[[Observed], Verdict]:
    """KMS.1 (managed policies) and KMS.2 (inline policies)."""

    def judge(seen: Observed) -> Verdict:
        allowing = reach.allowing(seen[source])
        names = [name for name, statement in allowing if reach.decrypts_with_any_key(statement)]
        return judged(
            not names,
            f"No {whose} policy of the service role allows decryption with every key.",
            f"These {whose} policies of the service role allow decryption with every key: {_list(names)}.",
        )

    return judge


def keys_stay(seen: Observed) -> Verdict:
    """KMS.3."""
    return _each_key(
        seen,
        lambda key: (
            f"is to be deleted ({key['state']})"
            if key["state"] in _GOING
            else f"is {key['state']}"
            if key["state"] != "Enabled"
            else ""
        ),
        "is in use and not to be deleted",
    )


def keys_rotate(seen: Observed) -> Verdict:
    """KMS.4. AWS rotates its own keys, and no key whose material came from elsewhere."""
    ours = [key for key in seen["keys"] if key["manager"] == "CUSTOMER" and key["origin"] == "AWS_KMS"]
    if seen["keys"] and not ours:
        return without_object("AWS rotates its own keys, and imported key material is never rotated by AWS.")
    return _each_key(seen, lambda key: "" if key["rotates"] or key not in ours else "is not rotated", "is rotated")


def keys_are_not_public(seen: Observed) -> Verdict:
    """KMS.5."""

    def wrong(key: Mapping[str, t.Any]) -> str:
        public = any(reach.is_public(statement) for statement in statements_of(key["policy"]))
        return "can be used by everybody, says its policy" if public else ""

    return _each_key(seen, wrong, "is not public")


def trusts_sagemaker_only(seen: Observed) -> Verdict:
    """MLflow.2."""
    trust = seen["role"]["trust"]
    others = role_trust.others(trust, SERVICE_PRINCIPAL)
    if others:
        return failed(f"Others but SageMaker may take the service role: {_list(others)}.")
    return judged(
        role_trust.admits(trust),
        "Only SageMaker may take the service role.",
        "SageMaker may not take the service role.",
    )


def is_no_confused_deputy(seen: Observed) -> Verdict:
    """MLflow.3: SageMaker takes the role for this account's resources only."""
    account = seen.subject.account_id
    statements = [s for s in statements_of(seen["role"]["trust"]) if _lets_a_service_in(s)]
    unbound = [statement for statement in statements if not _is_bound(statement, account)]
    return judged(
        not unbound,
        f"SageMaker may take the service role for resources of the account {account} only.",
        "SageMaker may take the service role for resources of any account: the trust policy asks for neither "
        "aws:SourceAccount nor aws:SourceArn.",
    )


def reaches_its_artifacts_only(seen: Observed) -> Verdict:
    """MLflow.4."""
    subject = seen.subject
    wide = sorted(
        {
            f"{arn} ({name})"
            for name, statement in reach.allowing(_all_documents(seen))
            if any(str(action).lower().startswith(("s3:", "*")) for action in as_list(statement.get("Action")))
            or "NotAction" in statement
            for arn in reach.resources(statement)
            if arn != subject.bucket_arn and not arn.startswith(subject.artifacts_arn)
        }
    )
    return judged(
        not wide,
        f"The service role reaches no objects but those of {subject.artifacts_arn}*.",
        f"The service role reaches more than its artifacts: {_list(wide)}.",
    )


def cannot_escalate(seen: Observed) -> Verdict:
    """MLflow.5."""
    found = sorted(
        {
            f"{action} ({name})"
            for name, statement in reach.allowing(_all_documents(seen))
            for action in _ESCALATING
            if reach.covers(statement, action)
        }
    )
    return judged(
        not found,
        "The service role can neither take, pass nor change a role.",
        f"The service role can gain the rights of others: {_list(found)}.",
    )


def _own_documents(seen: Observed) -> dict[str, Document]:
    """The inline and customer-managed policies: AWS answers for its own."""
    return {**seen["inline_policies"], **seen["customer_policies"]}


def _all_documents(seen: Observed) -> dict[str, Document]:
    return {**_own_documents(seen), **seen["aws_policies"]}


def _is_about(statement: Statement, prefixes: tuple[str, ...]) -> bool:
    actions = [str(action).lower() for action in as_list(statement.get("Action"))]
    return any(action.startswith(_MLFLOW_ACTIONS) for action in actions) or any(
        arn.startswith(prefixes) for arn in reach.resources(statement)
    )


def _each_key(seen: Observed, wrong: Callable[[Mapping[str, t.Any]], str], right: str) -> Verdict:
    keys = seen["keys"]
    if not keys:
        return without_object("Neither the bucket nor the App uses a KMS key.")
    faults = {key["arn"]: fault for key in keys if (fault := wrong(key))}
    status = FAIL if faults else PASS
    found = [f"The key {arn} {fault}." for arn, fault in faults.items()] or ["Each key " + right + "."]
    return Verdict(status, " ".join(found), ", ".join(faults or [key["arn"] for key in keys]))


def _lets_a_service_in(statement: Statement) -> bool:
    principal = statement.get("Principal")
    return (
        statement.get("Effect") == "Allow" and isinstance(principal, dict) and bool(as_list(principal.get("Service")))
    )


def _is_bound(statement: Statement, account: str) -> bool:
    conditions = reach.conditions(statement)
    accounts = conditions.get("aws:sourceaccount", [])
    arns = conditions.get("aws:sourcearn", [])
    by_account = bool(accounts) and set(accounts) == {account}
    by_arn = bool(arns) and all(arn.split(":")[4:5] == [account] for arn in arns)
    return by_account or by_arn


def _list(names: list[str]) -> str:
    return ", ".join(sorted(set(names)))
