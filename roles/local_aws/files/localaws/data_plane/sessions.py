# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""UI sessions: what a redeemed presigned link turns into, as a cookie."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localaws.clock import Clock
    from localaws.credentials import Principal

COOKIE: Final = "localaws-mlflow-session"


@dataclass(frozen=True)
class Session:
    """One browser's right to use one MLflow, in the name of whoever made the link."""

    arn: str
    expires: float
    principal: Principal | None


class Sessions:
    """The living sessions, by the value of their cookie."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}

    def open(self, arn: str, seconds: int, principal: Principal | None) -> str:
        """Begin a session and return its cookie's value."""
        value = secrets.token_urlsafe(32)
        now = self._clock.time()
        with self._lock:
            self._sessions = {each: session for each, session in self._sessions.items() if session.expires > now}
            self._sessions[value] = Session(arn, now + seconds, principal)
        return value

    def find(self, value: str) -> Session | None:
        """The session of a cookie; None when there is none or it is over."""
        session = self._sessions.get(value)
        return session if session is not None and session.expires > self._clock.time() else None

    def dump(self) -> object:
        with self._lock:
            return dict(self._sessions)

    def load(self, saved: object) -> None:
        with self._lock:
            self._sessions = dict(cast("Mapping[str, Session]", saved))
