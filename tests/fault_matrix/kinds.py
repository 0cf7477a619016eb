# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can go wrong with one call, and with which calls it can: the columns of the matrix."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Json = dict[str, t.Any]
GONE, STALE = "gone meanwhile", "stale read"
FOR_GOOD: t.Any = None
PAST_TIMEOUT_MS = 61_000
ROLE_NOT_READY = {
    "sagemaker": "SageMaker is unable to perform: sts:AssumeRole on role ARN arn:aws:iam::123456789012:role/young.",
    "scheduler": "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
}
_TAKES_ROLE = ("CreateMlflowTrackingServer", "CreateMlflowApp", "CreateSchedule", "UpdateSchedule")
VERBS = {
    "CreateMlflowTrackingServer": "create",
    "UpdateMlflowTrackingServer": "update",
    "StartMlflowTrackingServer": "start",
    "StopMlflowTrackingServer": "stop",
    "DeleteMlflowTrackingServer": "delete",
    "CreateMlflowApp": "app_create",
    "UpdateMlflowApp": "app_update",
    "DeleteMlflowApp": "app_delete",
}
_QUOTAS = {
    "CreateRole": "LimitExceeded",
    "PutRolePolicy": "LimitExceeded",
    "AttachRolePolicy": "LimitExceeded",
    "CreatePolicy": "LimitExceeded",
    "CreatePolicyVersion": "LimitExceeded",
    "PutGroupPolicy": "LimitExceeded",
    "AttachGroupPolicy": "LimitExceeded",
    "CreateBucket": "TooManyBuckets",
    "CreateMlflowTrackingServer": "ResourceLimitExceeded",
    "CreateMlflowApp": "ResourceLimitExceeded",
    "CreateSchedule": "ServiceQuotaExceededException",
    "CreateKey": "LimitExceededException",
    "CreateAlias": "LimitExceededException",
}
_BUSY = {
    "sagemaker": ("ValidationException", 400, "mlflow is currently in status UPDATING, can't be changed."),
    "s3": (
        "OperationAborted",
        409,
        "A conflicting conditional operation is currently in progress against this resource.",
    ),
    "iam": (
        "ConcurrentModification",
        409,
        "The request was rejected because multiple requests to change this object were submitted.",
    ),
    "scheduler": ("ConflictException", 409, "Updating or deleting the resource can cause an inconsistent state."),
}
_THROTTLED = {"s3": ("SlowDown", 503), "iam": ("Throttling", 400), "sts": ("Throttling", 400)}
_DENIED = {"s3": "AccessDenied", "iam": "AccessDenied", "sts": "AccessDenied"}
_EXPIRED = {"s3": "ExpiredToken", "iam": "ExpiredToken", "sts": "ExpiredToken"}


@dataclass(frozen=True)
class Target:
    """One call of a clean run.

    :param skip: how many calls of the same name are before it.
    :param position: how many calls are before it.
    :param repeats: whether it is a read that the run has made before.
    """

    service: str
    operation: str
    resource: str
    write: bool
    skip: int
    position: int
    repeats: bool

    @property
    def name(self) -> str:
        """As IAM spells it."""
        return f"{self.service}:{self.operation}"

    def fault(self, **fields: t.Any) -> Json:
        """A fault of this call alone, unless told otherwise."""
        return {"service": self.service, "operation": self.operation, "skip": self.skip, "times": 1, **fields}


@dataclass(frozen=True)
class Kind:
    """One fault.

    :param faults: what is injected; none when the settings do it.
    :param settings: what is set in the local AWS before the run, and the opposite after it.
    :param is_survived: whether a run is expected to succeed with it in all calls at once, some of them several times.
    :param removes: whether what the run is about is deleted just before the call.
    """

    name: str
    applies: Callable[[Target], bool]
    faults: Callable[[Target], Json] | None = None
    settings: Callable[[Target], tuple[Json, Json]] | None = None
    removes: bool = False
    is_survived: bool = False


def _always(_target: Target) -> bool:
    return True


def _writes(target: Target) -> bool:
    return target.write


def _reads(target: Target) -> bool:
    return not target.write


def _is_in(names: Mapping[str, t.Any] | tuple[str, ...]) -> Callable[[Target], bool]:
    return lambda target: target.operation in names


def _throttled(target: Target, times: int | None) -> Json:
    code, status = _THROTTLED.get(target.service, ("ThrottlingException", 400))
    return target.fault(code=code, status=status, times=times, message="Rate exceeded")


def _busy(target: Target) -> Json:
    code, status, message = _BUSY[target.service]
    return target.fault(code=code, status=status, message=message)


OF_REPEATED_READS = ("throttled", "expired token", "malformed answer", "stale read", GONE)
"""What is retried below the modules is the same for every read of one kind; what they decide on the answer is not."""
KINDS: list[Kind] = [
    Kind("throttled", _always, lambda target: _throttled(target, 2), is_survived=True),
    Kind("throttled for good", _always, lambda target: _throttled(target, FOR_GOOD)),
    Kind("500", _always, lambda target: target.fault(code="InternalFailure", status=500, times=2), is_survived=True),
    Kind("503", _always, lambda target: target.fault(code="ServiceUnavailable", status=503, times=2), is_survived=True),
    Kind(
        "500, but done",
        _writes,
        lambda target: target.fault(code="InternalFailure", status=500, after=True),
        is_survived=True,
    ),
    Kind(
        "timeout before",
        _always,
        lambda target: target.fault(code="X", status=503, latency_ms=PAST_TIMEOUT_MS),
        is_survived=True,
    ),
    Kind("timeout after", _writes, lambda target: target.fault(latency_ms=PAST_TIMEOUT_MS), is_survived=True),
    Kind("reset before", _always, lambda target: target.fault(reset=True), is_survived=True),
    Kind("reset after", _writes, lambda target: target.fault(reset=True, after=True), is_survived=True),
    Kind(
        "access denied",
        _always,
        lambda target: target.fault(
            code=_DENIED.get(target.service, "AccessDeniedException"),
            status=403,
            times=FOR_GOOD,
            message=f"User: arn:aws:iam::123456789012:user/ana is not authorized to perform: {target.name}",
        ),
    ),
    Kind(
        "expired token",
        _always,
        lambda target: target.fault(
            code=_EXPIRED.get(target.service, "ExpiredTokenException"),
            status=403,
            times=FOR_GOOD,
            message="The security token included in the request is expired",
        ),
    ),
    Kind("malformed answer", _always, lambda target: target.fault(malformed=True)),
    Kind(STALE, _reads, lambda target: target.fault(stale=True)),
    Kind(
        "role not ready",
        _is_in(_TAKES_ROLE),
        lambda target: target.fault(code="ValidationException", message=ROLE_NOT_READY[target.service], times=3),
    ),
    Kind("busy", lambda target: target.write and target.service in _BUSY, _busy),
    Kind(GONE, _always, removes=True),
    Kind(
        "quota exceeded",
        _is_in(_QUOTAS),
        lambda target: target.fault(
            code=_QUOTAS[target.operation], times=FOR_GOOD, message="You have reached the limit"
        ),
    ),
    Kind("stuck", _is_in(VERBS), settings=lambda target: ({"stuck": [VERBS[target.operation]]}, {"stuck": []})),
    Kind(
        "fails once",
        _is_in(VERBS),
        settings=lambda target: ({"fail_next": {VERBS[target.operation]: True}}, {"fail_next": {}}),
    ),
]
