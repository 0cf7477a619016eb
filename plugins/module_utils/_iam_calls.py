# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Calls to IAM that roles, policies and keys make alike, and what they make of what is absent."""

from __future__ import annotations

import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AWS_ERRORS
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import Superseded
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import is_error

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call, Change

ABSENT = ("NoSuchEntity", "NoSuchEntityException")
OVERTAKEN = ("ConcurrentModification", "ConcurrentModificationException", "DeleteConflict", "DeleteConflictException")


def make_true(
    change: Change,
    send: Callable[[Call], t.Any],
    absent: tuple[str, ...] = ABSENT,
    overtaken: tuple[str, ...] = OVERTAKEN,
) -> None:
    """Make one change true, unless it is already; the world may have moved on."""
    try:
        send(change.call)
    except AWS_ERRORS as error:
        if is_error(error, absent) and change.after is None:
            return
        if is_error(error, (*absent, *overtaken)):
            raise Superseded from error
        raise


def unless_absent(read: Callable[[], t.Any], absent: tuple[str, ...] = ABSENT) -> t.Any:
    """The answer; None when AWS says that there is no such thing."""
    try:
        return read()
    except AWS_ERRORS as error:
        if is_error(error, absent):
            return None
        raise


def pages(client: t.Any, operation: str, key: str, parameters: dict[str, str]) -> list[t.Any]:
    """Every item of a paginated list; empty when what it is about is absent."""

    def read() -> list[t.Any]:
        return [item for page in client.get_paginator(operation).paginate(**parameters) for item in page[key]]

    return unless_absent(read) or []
