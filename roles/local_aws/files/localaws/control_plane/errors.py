# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of SageMaker's API, as exceptions that moto writes in the protocol of the request.

moto finds the model of an error by the package of its class, so these are moto's classes, not ours.
"""

from __future__ import annotations

from typing import Any

from moto.sagemaker.exceptions import SagemakerClientError

NAMES = {"tracking_server": "Tracking Server", "app": "MLflow App"}


def error(code: str, message: str) -> Any:
    """An error with any code."""
    return SagemakerClientError(code, message)


def validation(message: str) -> Any:
    """What SageMaker answers to most refused requests."""
    return error("ValidationException", message)


def conflict(message: str) -> Any:
    """The request does not fit the power state."""
    return error("ConflictException", message)


def not_found(message: str) -> Any:
    """There is no such server or App."""
    return error("ResourceNotFound", message)


def limit_exceeded(kind: str, quota: int, used: int) -> Any:
    """An account quota, worded as AWS words all of them."""
    return error(
        "ResourceLimitExceeded",
        f"The account-level service limit 'Total number of {NAMES[kind]}s' is {quota} {NAMES[kind]}s, with current "
        f"utilization of {used} {NAMES[kind]}s and a request delta of 1 {NAMES[kind]}s. Please use AWS Service Quotas "
        "to request an increase for this quota. If AWS Service Quotas is not available, contact AWS support to "
        "request an increase for this quota.",
    )
