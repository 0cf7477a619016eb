# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters, order and pages of the List operations."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import TYPE_CHECKING, TypeVar

from localaws.control_plane import errors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from localaws.control_plane.store import MlflowResource

Entry = TypeVar("Entry")


def select(
    resources: list[MlflowResource],
    created_after: datetime | None,
    created_before: datetime | None,
    status: str | None,
    mlflow_version: str | None,
) -> list[MlflowResource]:
    """The resources that pass the filters both kinds have."""
    return [
        each
        for each in resources
        if (created_after is None or each.creation_time > created_after)
        and (created_before is None or each.creation_time < created_before)
        and status in (None, each.status)
        and (mlflow_version is None or _is_version(each.mlflow_version, mlflow_version))
    ]


def _is_version(full: str, asked: str) -> bool:
    return full == asked or full.startswith(f"{asked}.")


def ordered(resources: list[MlflowResource], sort_by: str | None, sort_order: str | None) -> list[MlflowResource]:
    """Newest first unless asked otherwise; the name decides between equals, so that pages never overlap."""
    keys = {
        "Name": lambda each: each.name,
        "Status": lambda each: each.status,
        "CreationTime": lambda each: each.creation_time,
    }
    by_name = sorted(resources, key=lambda each: (each.name, each.arn))
    return sorted(by_name, key=keys[sort_by or "CreationTime"], reverse=sort_order != "Ascending")


def page(
    entries: Sequence[Entry], request: Mapping[str, object], size: int, token: str | None
) -> tuple[Sequence[Entry], str | None]:
    """One page and the token of the next. A token is good only for the question it was given for."""
    question = _question(request)
    start = _start(token, question)
    following = start + size
    next_token = _token(question, following) if following < len(entries) else None
    return entries[start:following], next_token


def _question(request: Mapping[str, object]) -> str:
    asked = {name: str(value) for name, value in request.items() if name not in ("NextToken", "MaxResults")}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]


def _token(question: str, start: int) -> str:
    return base64.urlsafe_b64encode(f"{question}:{start}".encode()).decode()


def _start(token: str | None, question: str) -> int:
    if token is None:
        return 0
    try:
        asked, _unused, start = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
        if asked == question:
            return int(start)
    except (binascii.Error, UnicodeError, ValueError):
        pass
    raise errors.validation("The provided NextToken is invalid.")
