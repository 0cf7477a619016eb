# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The controls of the artifact bucket, as functions of what was read. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _policy_reach as reach
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._audit_control import (
    Observed,
    Verdict,
    failed,
    judged,
    passed,
    without_object,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_settings import KMS_ALGORITHMS
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import as_list, statements_of

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import Statement

_READS = ("s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:ListBucketVersions")
_WRITES = ("s3:PutObject", "s3:DeleteObject", "s3:PutBucketPolicy", "s3:PutBucketAcl", "s3:DeleteBucket")
# What Security Hub's S3.6 forbids to grant to other accounts.
_RISKY = ("s3:DeleteBucketPolicy", "s3:PutBucketAcl", "s3:PutBucketPolicy", "s3:PutEncryptionConfiguration")
_RISKY_ON_OBJECTS = ("s3:PutObjectAcl",)
_EVERYBODY = (
    "http://acs.amazonaws.com/groups/global/AllUsers",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
)
_ACL_READS, _ACL_WRITES = ("READ", "FULL_CONTROL"), ("WRITE", "WRITE_ACP", "FULL_CONTROL")


def account_blocks_public_access(seen: Observed) -> Verdict:
    """S3.1."""
    return _four_switches(seen["account_public_access_block"], "The account")


def blocks_public_access(seen: Observed) -> Verdict:
    """S3.8."""
    return _four_switches(seen["public_access_block"], "The bucket")


def is_not_public(actions: tuple[str, ...], permissions: tuple[str, ...], verb: str) -> Callable[[Observed], Verdict]:
    """S3.2 and S3.3: neither policy nor ACL lets everybody in, also when a public access block would keep them out."""

    def judge(seen: Observed) -> Verdict:
        statements = [s for s in statements_of(seen["policy"]) if reach.is_public(s) and reach.covers_any(s, actions)]
        if statements:
            return failed(f"The bucket policy lets everybody {verb} ({_sids(statements)}).")
        if any(g.get("URI") in _EVERYBODY and g["permission"] in permissions for g in seen["acl"]):
            return failed(f"The bucket's ACL lets everybody {verb}.")
        return passed(f"Neither policy nor ACL lets everybody {verb}.")

    return judge


not_publicly_readable = is_not_public(_READS, _ACL_READS, "read")
not_publicly_writable = is_not_public(_WRITES, _ACL_WRITES, "write")


def requires_tls(seen: Observed) -> Verdict:
    """S3.5."""
    arn = seen.subject.bucket_arn
    holds = any(_denies_without_tls(statement, arn) for statement in statements_of(seen["policy"]))
    return judged(
        holds,
        "The bucket policy denies requests without TLS.",
        "No statement of the bucket policy denies requests without TLS to the bucket and all its objects.",
    )


def grants_others_nothing_risky(seen: Observed) -> Verdict:
    """S3.6."""
    account = seen.subject.bucket_owner
    risky = [
        statement
        for statement in statements_of(seen["policy"])
        if statement.get("Effect") == "Allow"
        and reach.foreign_accounts(statement, account)
        and reach.covers_any(statement, (*_RISKY, *_RISKY_ON_OBJECTS))
    ]
    return judged(
        not risky,
        "The bucket policy lets no other account change policies, ACLs or the encryption.",
        f"The bucket policy lets other accounts change policies, ACLs or the encryption ({_sids(risky)}).",
    )


def replicates(seen: Observed) -> Verdict:
    """S3.7."""
    rules = [rule for rule in seen["replication"] if rule.get("Status") == "Enabled"]
    return judged(
        bool(rules), f"{len(rules)} replication rules are enabled.", "Nothing is replicated to another Region."
    )


def logs_access(seen: Observed) -> Verdict:
    """S3.9."""
    logging = seen["logging"]
    if not logging:
        return failed("S3 keeps no record of requests to the bucket.")
    return passed(f"Requests are recorded in {logging['target_bucket']}/{logging['target_prefix']}.")


def expires_old_versions(seen: Observed) -> Verdict:
    """S3.10."""
    if seen["versioning"]["status"] != "Enabled":
        return without_object("The bucket does not keep versions.")
    actions = {"noncurrent_version_expiration", "noncurrent_version_transitions"}
    holds = any(actions & set(rule) for rule in _enabled(seen))
    return judged(
        holds,
        "A lifecycle rule removes or moves old versions.",
        "No lifecycle rule removes or moves old versions: they are kept, and paid for, for ever.",
    )


def has_lifecycle(seen: Observed) -> Verdict:
    """S3.13."""
    rules = _enabled(seen)
    return judged(
        bool(rules), f"{len(rules)} lifecycle rules are enabled.", "The bucket has no enabled lifecycle rule."
    )


def notifies(seen: Observed) -> Verdict:
    """S3.11."""
    kinds = seen["notifications"]
    return judged(bool(kinds), f"Events are sent ({', '.join(kinds)}).", "The bucket sends no events.")


def ignores_acls(seen: Observed) -> Verdict:
    """S3.12."""
    ownership = seen["object_ownership"]
    return judged(
        ownership == "BucketOwnerEnforced", "ACLs are disabled.", f"ACLs count: object ownership is {ownership}."
    )


def keeps_versions(seen: Observed) -> Verdict:
    """S3.14."""
    status = seen["versioning"]["status"]
    return judged(status == "Enabled", "Versioning is enabled.", f"Versioning is {status}.")


def locks_objects(seen: Observed) -> Verdict:
    """S3.15."""
    return judged(seen["object_lock"] == "Enabled", "Object Lock is enabled.", "Object Lock is not enabled.")


def encrypts_with_kms(seen: Observed) -> Verdict:
    """S3.17."""
    encryption = seen["encryption"]
    algorithm, key = encryption["sse_algorithm"], encryption["kms_key_id"] or "the AWS managed key"
    return judged(
        algorithm in KMS_ALGORITHMS,
        f"New objects are encrypted with {algorithm} and {key}.",
        f"New objects are encrypted with {algorithm or 'nothing'}, not with a KMS key.",
    )


def access_points_block_public_access(seen: Observed) -> Verdict:
    """S3.19."""
    points: Mapping[str, Mapping[str, bool]] = seen["access_points"]
    if not points:
        return without_object("The bucket has no access point.")
    open_ones = sorted(name for name, flags in points.items() if not all(flags.values()))
    return judged(
        not open_ones,
        f"Each of {len(points)} access points blocks public access.",
        f"These access points do not block public access: {', '.join(open_ones)}.",
    )


def deletes_with_mfa(seen: Observed) -> Verdict:
    """S3.20. S3 does not take MFA delete and lifecycle rules together."""
    versioning = seen["versioning"]
    if versioning["status"] != "Enabled":
        return without_object("The bucket does not keep versions.")
    if versioning["mfa_delete"] == "Enabled":
        return passed("MFA delete is enabled.")
    if seen["lifecycle_rules"]:
        return without_object("A bucket with lifecycle rules cannot have MFA delete.")
    return failed("MFA delete is not enabled.")


def keeps_other_accounts_out(seen: Observed) -> Verdict:
    """MLflow.1."""
    arn = seen.subject.bucket_arn
    holds = any(_denies_other_accounts(statement, arn) for statement in statements_of(seen["policy"]))
    return judged(
        holds,
        "The bucket policy denies whoever is of no trusted account.",
        "No statement of the bucket policy denies the principals of other accounts.",
    )


def _four_switches(flags: Mapping[str, bool], whose: str) -> Verdict:
    off = sorted(flag for flag, on in flags.items() if not on)
    return judged(not off, f"{whose} blocks public access.", f"{whose} leaves these off: {', '.join(off)}.")


def _enabled(seen: Observed) -> list[Mapping[str, t.Any]]:
    return [rule for rule in seen["lifecycle_rules"] if rule.get("status", "Enabled") == "Enabled"]


def _sids(statements: Iterable[Statement]) -> str:
    return ", ".join(str(statement.get("Sid") or "a statement without Sid") for statement in statements)


def _denies_everything_to_everybody(statement: Statement, bucket_arn: str) -> bool:
    named = reach.resources(statement)
    whole = "*" in named or {bucket_arn, f"{bucket_arn}/*"} <= set(named) or f"{bucket_arn}*" in named
    return (
        statement.get("Effect") == "Deny"
        and reach.is_for_everybody(statement)
        and bool({"*", "s3:*"} & {str(action).lower() for action in as_list(statement.get("Action"))})
        and whole
    )


def _denies_without_tls(statement: Statement, bucket_arn: str) -> bool:
    condition = reach.conditions(statement)
    return _denies_everything_to_everybody(statement, bucket_arn) and condition == {"aws:securetransport": ["false"]}


def _denies_other_accounts(statement: Statement, bucket_arn: str) -> bool:
    unlike = {
        key.lower()
        for operator, keys in (statement.get("Condition") or {}).items()
        if operator.lower().startswith(("stringnotequals", "stringnotlike"))
        for key in keys
    }
    keys = {"aws:principalaccount", "aws:principalorgid", "aws:principalorgpaths"}
    return _denies_everything_to_everybody(statement, bucket_arn) and bool(unlike & keys)
