# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lifecycle configurations: what S3 refuses, and how it gives back what it accepts."""

from __future__ import annotations

import base64
import uuid
from typing import TYPE_CHECKING, Any

from localaws.moto_repairs.s3_errors import s3_error

if TYPE_CHECKING:
    from collections.abc import Iterator

Rule = dict[str, Any]

ACTIONS = (
    "Expiration",
    "Transitions",
    "NoncurrentVersionTransitions",
    "NoncurrentVersionExpiration",
    "AbortIncompleteMultipartUpload",
)
LONGEST_ID = 255
MOST_RULES = 1000


def canonical(_bucket: Any, document: dict[str, Any]) -> dict[str, Any]:
    """The configuration as S3 gives it back: filters and prefixes as written, every rule with an id."""
    rules = document.get("Rules", [])
    if not 0 < len(rules) <= MOST_RULES:
        raise s3_error("MalformedXML")
    for rule in rules:
        _check(rule)
        rule.setdefault("ID", base64.b64encode(uuid.uuid4().hex.encode()).decode())
    identifiers = [rule["ID"] for rule in rules]
    if len(set(identifiers)) < len(identifiers):
        raise s3_error("InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule")
    document.setdefault("TransitionDefaultMinimumObjectSize", "all_storage_classes_128K")
    return document


def _check(rule: Rule) -> None:
    if rule.get("Status") not in ("Enabled", "Disabled") or ("Filter" in rule) == ("Prefix" in rule):
        raise s3_error("MalformedXML")
    if len(rule.get("ID", "")) > LONGEST_ID:
        raise s3_error("InvalidArgument", f"ID length should not exceed allowed limit of {LONGEST_ID}")
    if not any(rule.get(action) for action in ACTIONS):
        raise s3_error("InvalidRequest", "At least one action needs to be specified in a rule")
    _check_filter(rule.get("Filter", {}))
    _check_expiration(rule)
    for action, field, number in _numbers(rule):
        if number <= 0:
            raise s3_error("InvalidArgument", f"'{field}' for {action} action must be a positive integer")


def _check_filter(chosen: dict[str, Any]) -> None:
    if len(chosen) > 1:
        raise s3_error("MalformedXML")


def _check_expiration(rule: Rule) -> None:
    expiration = rule.get("Expiration")
    if expiration is not None and len(expiration) != 1:
        raise s3_error("MalformedXML")
    chosen = rule.get("Filter", {})
    tagged = "Tag" in chosen or chosen.get("And", {}).get("Tags")
    if tagged and "ExpiredObjectDeleteMarker" in (expiration or {}):
        raise s3_error("InvalidRequest", "ExpiredObjectDeleteMarker cannot be specified with a tag-based filter.")
    if tagged and "AbortIncompleteMultipartUpload" in rule:
        raise s3_error("InvalidRequest", "AbortIncompleteMultipartUpload cannot be specified with Tags.")


def _numbers(rule: Rule) -> Iterator[tuple[str, str, int]]:
    """The numbers of days and versions that must be positive. Transitions may happen on day 0."""
    for action in ("Expiration", "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        for field, value in rule.get(action, {}).items():
            if isinstance(value, int) and not isinstance(value, bool):
                yield action, field, value
