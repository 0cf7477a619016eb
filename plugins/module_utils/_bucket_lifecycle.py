# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

# ruff: noqa: ARG002  # every setting has the signatures of Setting, whether it needs each argument or not

"""Lifecycle rules of a bucket: normal form, AWS's form, merging by id."""

from __future__ import annotations

import datetime
import typing as t
from dataclasses import dataclass

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_settings import Answer, Request, Setting
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_state import Place

Rule = dict[str, t.Any]

ABORT_UPLOADS_ID = "AbortIncompleteMultipartUploads"
EXPIRE_NONCURRENT_ID = "ExpireNoncurrentVersions"
RULE_LIMIT = 1000
ID_LIMIT = 255

_SIZES = {"object_size_greater_than": "ObjectSizeGreaterThan", "object_size_less_than": "ObjectSizeLessThan"}
# Each action of a rule: our word, AWS's word, and the words of its fields.
_ACTIONS: dict[str, tuple[str, dict[str, str]]] = {
    "expiration": (
        "Expiration",
        {"days": "Days", "date": "Date", "expired_object_delete_marker": "ExpiredObjectDeleteMarker"},
    ),
    "transitions": ("Transitions", {"days": "Days", "date": "Date", "storage_class": "StorageClass"}),
    "noncurrent_version_expiration": (
        "NoncurrentVersionExpiration",
        {"noncurrent_days": "NoncurrentDays", "newer_noncurrent_versions": "NewerNoncurrentVersions"},
    ),
    "noncurrent_version_transitions": (
        "NoncurrentVersionTransitions",
        {
            "noncurrent_days": "NoncurrentDays",
            "newer_noncurrent_versions": "NewerNoncurrentVersions",
            "storage_class": "StorageClass",
        },
    ),
    "abort_incomplete_multipart_upload": (
        "AbortIncompleteMultipartUpload",
        {"days_after_initiation": "DaysAfterInitiation"},
    ),
}


@dataclass(frozen=True)
class Lifecycle(Setting):
    """Rules merged by id into those of others.

    :param rules: wished rules in normal form.
    :param unwished: ids of rules that must go.
    :param purge: whether every other rule must go too.
    """

    name = "lifecycle_rules"
    operation = "get_bucket_lifecycle_configuration"
    missing = "NoSuchLifecycleConfiguration"
    rules: tuple[Mapping[str, t.Any], ...]
    unwished: tuple[str, ...]
    purge: bool

    def normal(self, answer: Answer, place: Place) -> list[Rule]:
        """Sorted by id: the order of rules means nothing to S3."""
        return _by_id(from_aws(rule) for rule in answer.get("Rules", []))

    def after(self, present: Sequence[Mapping[str, t.Any]], place: Place) -> list[Mapping[str, t.Any]]:
        """The wish over the present."""
        wished = {rule["id"] for rule in self.rules}
        kept = [rule for rule in present if rule["id"] not in wished and rule["id"] not in self.unwished]
        merged = _by_id([*self.rules, *([] if self.purge else kept)])
        if len(merged) > RULE_LIMIT:
            raise MlflowError(
                f"lifecycle_rules: the bucket '{place.bucket}' would have {len(merged)} rules, S3 allows {RULE_LIMIT}. "
                "Set purge_lifecycle_rules to true to remove the rules that are not listed."
            )
        return merged

    def request(self, answer: Answer, after: Sequence[Mapping[str, t.Any]]) -> Request:
        """Rules that stay go back as AWS gave them, with whatever field we do not know."""
        if not after:
            return "delete_bucket_lifecycle", {}
        present = {rule.get("ID"): rule for rule in answer.get("Rules", [])}
        rules = []
        for rule in after:
            known = present.get(rule["id"])
            rules.append(with_filter(known) if known is not None and from_aws(known) == rule else to_aws(rule))
        parameters: dict[str, t.Any] = {"LifecycleConfiguration": {"Rules": rules}}
        if "TransitionDefaultMinimumObjectSize" in answer:
            # Left out, AWS would set it to its default.
            parameters["TransitionDefaultMinimumObjectSize"] = answer["TransitionDefaultMinimumObjectSize"]
        return "put_bucket_lifecycle_configuration", parameters


def abort_uploads_rule(days: int) -> Rule:
    """Deletes the parts of uploads that were never completed."""
    return {
        "id": ABORT_UPLOADS_ID,
        "status": "Enabled",
        "filter": {},
        "abort_incomplete_multipart_upload": {"days_after_initiation": days},
    }


def expire_noncurrent_rule(days: int) -> Rule:
    """Deletes versions that were overwritten or deleted, and the delete markers that then stand for nothing."""
    return {
        "id": EXPIRE_NONCURRENT_ID,
        "status": "Enabled",
        "filter": {},
        "expiration": {"expired_object_delete_marker": True},
        "noncurrent_version_expiration": {"noncurrent_days": days},
    }


def normal_rule(rule: Mapping[str, t.Any]) -> Rule:
    """A rule in our words without what says nothing: None, C(false), an empty prefix, an empty list."""
    result: Rule = {"id": rule["id"], "status": rule.get("status") or "Enabled", "filter": {}}
    for key, value in sorted((rule.get("filter") or {}).items()):
        if value not in (None, "", {}):
            result["filter"][key] = _tags.as_text(value) if isinstance(value, dict) else value
    for action in _ACTIONS:
        value = rule.get(action)
        if isinstance(value, list):
            value = sorted((_fields(item) for item in value), key=lambda item: sorted(map(str, item.items())))
        elif value is not None:
            value = _fields(value)
        if value:
            result[action] = value
    return result


def from_aws(rule: Mapping[str, t.Any]) -> Rule:
    """AWS's rule in normal form."""
    result: Rule = {"id": rule.get("ID", ""), "status": rule["Status"], "filter": _filter_from_aws(rule)}
    for action, (word, fields) in _ACTIONS.items():
        value = rule.get(word)
        if isinstance(value, list):
            result[action] = [_from_words(item, fields) for item in value]
        elif value is not None:
            result[action] = _from_words(value, fields)
    return normal_rule(result)


def to_aws(rule: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """A rule in normal form as AWS takes it."""
    result: dict[str, t.Any] = {"ID": rule["id"], "Status": rule["status"], "Filter": _filter_to_aws(rule["filter"])}
    for action, (word, fields) in _ACTIONS.items():
        value = rule.get(action)
        if isinstance(value, list):
            result[word] = [_to_words(item, fields) for item in value]
        elif value is not None:
            result[word] = _to_words(value, fields)
    return result


def with_filter(rule: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The rule with its scope in C(Filter): S3 refuses a configuration that mixes that with the older C(Prefix)."""
    result = dict(rule)
    prefix = result.pop("Prefix", None)
    if "Filter" not in result:
        result["Filter"] = {"Prefix": prefix or ""}
    return result


def _by_id(rules: Iterable[Mapping[str, t.Any]]) -> list[t.Any]:
    return sorted(rules, key=lambda rule: str(rule["id"]))


def _fields(value: Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {key: _plain(item) for key, item in sorted(value.items()) if item is not None and item is not False}


def _plain(value: t.Any) -> t.Any:
    """Dates as C(YYYY-MM-DD): S3 takes midnight UTC only."""
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).date().isoformat()
    return value


def _from_words(value: Mapping[str, t.Any], fields: Mapping[str, str]) -> dict[str, t.Any]:
    return {key: value[word] for key, word in fields.items() if word in value}


def _to_words(value: Mapping[str, t.Any], fields: Mapping[str, str]) -> dict[str, t.Any]:
    return {fields[key]: _midnight(item) if key == "date" else item for key, item in value.items()}


def _midnight(date: str) -> datetime.datetime:
    day = datetime.date.fromisoformat(date)
    return datetime.datetime.combine(day, datetime.time(), tzinfo=datetime.timezone.utc)


def _filter_from_aws(rule: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """One flat dict for the four shapes that AWS has for a filter."""
    scope = rule.get("Filter") or {"Prefix": rule.get("Prefix")}
    several = scope.get("And") or {}
    tags = [*several.get("Tags", []), *([scope["Tag"]] if scope.get("Tag") else [])]
    flat: dict[str, t.Any] = {"prefix": several.get("Prefix", scope.get("Prefix"))}
    flat["tags"] = {tag["Key"]: tag["Value"] for tag in tags}
    for key, word in _SIZES.items():
        flat[key] = several.get(word, scope.get(word))
    return flat


def _filter_to_aws(scope: Mapping[str, t.Any]) -> dict[str, t.Any]:
    tags = [{"Key": key, "Value": value} for key, value in scope.get("tags", {}).items()]
    parts: dict[str, t.Any] = {"Prefix": scope["prefix"]} if "prefix" in scope else {}
    parts.update({word: scope[key] for key, word in _SIZES.items() if key in scope})
    if len(parts) + len(tags) > 1:
        return {"And": {**parts, **({"Tags": tags} if tags else {})}}
    if tags:
        return {"Tag": tags[0]}
    return parts or {"Prefix": ""}
