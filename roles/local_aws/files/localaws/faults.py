# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on demand: errors, delays, lost answers and dropped connections, for chosen calls."""

from __future__ import annotations

import random
import threading
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Codes whose status AWS fixes; botocore retries throttling by code and 5xx by status.
_STATUS_BY_CODE = {
    "SlowDown": 503,
    "ServiceUnavailable": 503,
    "ServiceUnavailableException": 503,
    "InternalError": 500,
    "InternalFailure": 500,
    "InternalServerError": 500,
    "InternalServerException": 500,
    "ServiceFailure": 500,
    "AccessDenied": 403,
    "NoSuchEntity": 404,
}
_DEFAULT_STATUS = 400


class InvalidFaultError(ValueError):
    """A rule that cannot be applied."""


@dataclass
class Fault:
    """One rule. ``service``, ``operation`` and ``resource`` are patterns with ``*`` and ``?``.

    ``after`` performs the call and then answers with the error: the answer that got lost. ``reset`` closes
    the connection without an answer; together they are a call that worked and whose client never learns it.
    ``malformed`` performs the call and breaks its answer off. ``stale`` answers a read as the same request was
    answered the last time: a copy of the state that has not caught up yet.
    """

    service: str = "*"
    operation: str = "*"
    resource: str = "*"
    code: str | None = None
    message: str = "Injected by the local AWS"
    status: int | None = None
    times: int | None = None  # None: until cleared
    skip: int = 0  # matching calls that pass first
    probability: float = 1.0
    latency_ms: float = 0.0
    after: bool = False
    reset: bool = False
    malformed: bool = False
    stale: bool = False
    matched: int = field(default=0)
    fired: int = field(default=0)

    @property
    def answer_status(self) -> int:
        if self.status is not None:
            return self.status
        return _STATUS_BY_CODE.get(self.code or "", _DEFAULT_STATUS)

    @property
    def answer_code(self) -> str:
        return self.code or "InternalFailure"

    @property
    def is_error(self) -> bool:
        """Whether it does more than delay."""
        return self.code is not None or self.status is not None or self.reset or self.malformed or self.stale

    def name(self) -> str:
        """How the request log calls it."""
        if self.reset:
            return "reset after" if self.after else "reset"
        if self.malformed or self.stale:
            return "malformed" if self.malformed else "stale"
        if not self.is_error:
            return "latency"
        return f"{self.answer_code} after" if self.after else self.answer_code

    def matches(self, service: str, operation: str, resource: str) -> bool:
        return (
            fnmatchcase(service.lower(), self.service.lower())
            and fnmatchcase(operation.lower(), self.operation.lower())
            and fnmatchcase(resource, self.resource)
        )


class Faults:
    """The rules in force. The first that matches and is due applies; delays of all of them add up."""

    def __init__(self, seed: int | None = None) -> None:
        self._rules: list[Fault] = []
        self._lock = threading.Lock()
        self._random = random.Random(seed)

    def add(self, rules: Sequence[Mapping[str, object]]) -> None:
        """Add rules; all of them or, when one is wrong, none."""
        parsed = [_parsed(rule) for rule in rules]
        with self._lock:
            self._rules.extend(parsed)

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def as_json(self) -> list[dict[str, object]]:
        with self._lock:
            return [asdict(rule) for rule in self._rules]

    def draw(self, service: str, operation: str, resource: str) -> tuple[float, Fault | None]:
        """Seconds to wait before this call, and the error that it gets."""
        seconds = 0.0
        with self._lock:
            for rule in self._rules:
                if not rule.matches(service, operation, resource) or not self._is_due(rule):
                    continue
                rule.fired += 1
                seconds += rule.latency_ms / 1000
                if rule.is_error:
                    return seconds, rule
        return seconds, None

    def _is_due(self, rule: Fault) -> bool:
        if rule.times is not None and rule.fired >= rule.times:
            return False
        rule.matched += 1
        if rule.matched <= rule.skip:
            return False
        return rule.probability >= 1.0 or self._random.random() < rule.probability


_TYPES: dict[str, tuple[type, ...]] = {
    "service": (str,),
    "operation": (str,),
    "resource": (str,),
    "code": (str, type(None)),
    "message": (str,),
    "status": (int, type(None)),
    "times": (int, type(None)),
    "skip": (int,),
    "probability": (int, float),
    "latency_ms": (int, float),
    "after": (bool,),
    "reset": (bool,),
    "malformed": (bool,),
    "stale": (bool,),
}


def _parsed(rule: Mapping[str, Any]) -> Fault:
    if not isinstance(rule, dict):
        raise InvalidFaultError(f"a fault is an object, not {rule!r}")
    for name, value in rule.items():
        if name not in _TYPES:
            raise InvalidFaultError(f"a fault has no field {name!r}; known: {', '.join(_TYPES)}")
        if not isinstance(value, _TYPES[name]) or (isinstance(value, bool) and bool not in _TYPES[name]):
            raise InvalidFaultError(f"{name} must be {_TYPES[name][0].__name__}, not {value!r}")
    fault = Fault(**rule)
    if not fault.is_error and not fault.latency_ms:
        raise InvalidFaultError("a fault needs a code, a status, reset, malformed, stale or latency_ms")
    if not 0 <= fault.probability <= 1:
        raise InvalidFaultError(f"probability must be between 0 and 1, not {fault.probability}")
    return fault
