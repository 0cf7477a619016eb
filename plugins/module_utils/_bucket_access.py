# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

# ruff: noqa: ARG002  # every setting has the signatures of Setting, whether it needs each argument or not

"""The settings of a bucket that are lists with the entries of several owners: policy statements and CORS rules."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _policies, _policy_document
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_settings import Answer, Request, Setting
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_state import Place

POLICY_LIMIT = 20 * 1024
"""The bytes that S3 accepts in a bucket policy."""
CORS_LIMIT = 100
_CORS_LISTS = {
    "allowed_methods": "AllowedMethods",
    "allowed_origins": "AllowedOrigins",
    "allowed_headers": "AllowedHeaders",
    "expose_headers": "ExposeHeaders",
}


@dataclass(frozen=True)
class Policy(Setting):
    """Our statements and the user's, merged by Sid into a policy that others wrote.

    :param require_tls: True adds our statement, False removes it, None leaves it.
    :param owner_only: the same for the statement that keeps other accounts out.
    """

    name = "policy"
    operation = "get_bucket_policy"
    missing = "NoSuchBucketPolicy"
    require_tls: bool | None
    owner_only: bool | None
    trusted_account_ids: tuple[str, ...]
    statements: tuple[Mapping[str, t.Any], ...]
    purge: bool

    def normal(self, answer: Answer, place: Place) -> dict[str, t.Any]:
        """The document as it is written; C({}) when there is none."""
        text = answer.get("Policy")
        return _policy_document.parse(text, f"the policy of the bucket '{place.bucket}'") if text else {}

    def after(self, present: Mapping[str, t.Any], place: Place) -> dict[str, t.Any]:
        """The present document itself when it already means what is wished."""
        wished = [*self._own(place), *self.statements]
        unwished = [sid for sid, flag in self._switches() if flag is False]
        base = None if self.purge or not present else present
        merged = _policy_document.with_statements(base, wished, unwished)
        if not merged["Statement"]:
            return {}
        if present and _policy_document.same(present, merged):
            return dict(present)
        size = len(_policy_document.to_json(merged).encode())
        if size > POLICY_LIMIT:
            raise MlflowError(
                f"policy_statements: the policy of the bucket '{place.bucket}' would have {size} bytes, S3 allows "
                f"{POLICY_LIMIT}. Shorten policy_statements, or move statements to the policies of roles."
            )
        return merged

    def request(self, answer: Answer, after: Mapping[str, t.Any]) -> Request:
        """A policy without a statement is no policy."""
        if not after:
            return "delete_bucket_policy", {}
        return "put_bucket_policy", {"Policy": _policy_document.to_json(after)}

    def shown(self, value: Mapping[str, t.Any]) -> t.Any:
        """In one order, so that a diff shows what differs and not who wrote it."""
        return _policy_document.readable(value) if value else value

    def _switches(self) -> tuple[tuple[str, bool | None], ...]:
        return ((_policies.TLS_ONLY_SID, self.require_tls), (_policies.OWNER_ONLY_SID, self.owner_only))

    def _own(self, place: Place) -> list[Mapping[str, t.Any]]:
        own: list[Mapping[str, t.Any]] = []
        if self.require_tls:
            own.append(_policies.bucket_tls_only_statement(place.partition, place.bucket))
        if self.owner_only:
            own.append(
                _policies.bucket_owner_only_statement(
                    place.partition, place.bucket, place.account_id, self.trusted_account_ids
                )
            )
        return own


@dataclass(frozen=True)
class Cors(Setting):
    """CORS rules. S3 takes the first that fits, so others keep their place and new ones go to the end.

    :param rules: in normal form.
    :param purge: whether the list is the whole list.
    """

    name = "cors_rules"
    operation = "get_bucket_cors"
    missing = "NoSuchCORSConfiguration"
    rules: tuple[Mapping[str, t.Any], ...]
    purge: bool

    def normal(self, answer: Answer, place: Place) -> list[dict[str, t.Any]]:
        """The rules in their order."""
        return [_rule_from_aws(rule) for rule in answer.get("CORSRules", [])]

    def after(self, present: Sequence[Mapping[str, t.Any]], place: Place) -> list[Mapping[str, t.Any]]:
        """A rule replaces the one with its id; a rule without an id is added unless it is there."""
        wished = list(self.rules)
        if self.purge:
            return wished
        by_id = {rule["id"]: rule for rule in wished if rule["id"]}
        merged = [by_id.get(rule["id"], rule) for rule in present]
        merged += [rule for rule in wished if rule not in merged]
        if len(merged) > CORS_LIMIT:
            raise MlflowError(
                f"cors_rules: the bucket '{place.bucket}' would have {len(merged)} rules, S3 allows {CORS_LIMIT}. "
                "Set purge_cors_rules to true to remove the rules that are not listed."
            )
        return merged

    def request(self, answer: Answer, after: Sequence[Mapping[str, t.Any]]) -> Request:
        """AWS replaces the whole list."""
        if not after:
            return "delete_bucket_cors", {}
        return "put_bucket_cors", {"CORSConfiguration": {"CORSRules": [_rule_to_aws(rule) for rule in after]}}


def cors_rule(rule: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The user's rule in normal form: the order inside its lists means nothing."""
    lists = {key: sorted(set(rule.get(key) or [])) for key in _CORS_LISTS}
    return {"id": rule.get("id") or None, **lists, "max_age_seconds": rule.get("max_age_seconds")}


def _rule_from_aws(rule: Mapping[str, t.Any]) -> dict[str, t.Any]:
    lists = {key: rule.get(word) for key, word in _CORS_LISTS.items()}
    return cors_rule({"id": rule.get("ID"), **lists, "max_age_seconds": rule.get("MaxAgeSeconds")})


def _rule_to_aws(rule: Mapping[str, t.Any]) -> dict[str, t.Any]:
    result: dict[str, t.Any] = {word: list(rule[key]) for key, word in _CORS_LISTS.items() if rule[key]}
    if rule["id"]:
        result["ID"] = rule["id"]
    if rule["max_age_seconds"] is not None:
        result["MaxAgeSeconds"] = rule["max_age_seconds"]
    return result
