# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What thousands of runs in one process need not do again: make clients, and read what nobody has written since."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, field
from unittest import mock

from botocore.retries import quota

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._session import Session
from localaws.past_answers import request_key

if t.TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from botocore.config import Config

    from localaws.credentials import Principal
    from localaws.identify import Call
    from localaws.moto_calls import MotoCalls
    from localaws.protocol_errors import Answer

UNTIMED = ("iam", "s3", "sts", "kms", "scheduler", "ec2", "cloudtrail")
"""Services whose state changes by calls only. What SageMaker says changes with time."""


class KeptSession:
    """A session whose clients are kept. Each run finds them as new: no handler of an earlier run, and all its retries."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.account_id, self.load_trust = session.account_id, session.load_trust
        self._clients: dict[t.Any, t.Any] = {}
        self._added: list[tuple[t.Any, str, t.Any]] = []
        self._quotas: list[t.Any] = []

    def client(self, service: str, config: Config) -> t.Any:
        """See Session."""
        key = (service, json.dumps(t.cast("t.Any", config)._user_provided_options, default=str, sort_keys=True))
        if key not in self._clients:
            self._clients[key] = self._made(service, config)
        return self._clients[key]

    def renew(self) -> None:
        """A new run begins."""
        for events, name, handler in self._added:
            events.unregister(name, handler)
        self._added.clear()
        for each in self._quotas:
            each.release(each._max_capacity)

    def _made(self, service: str, config: Config) -> t.Any:
        with mock.patch.object(quota, "RetryQuota", self._quota(quota.RetryQuota)):
            client = self._session.client(service, config)
        events = client.meta.events
        register = events.register_first

        def register_first(name: str, handler: t.Any, **more: t.Any) -> None:
            self._added.append((events, name, handler))
            register(name, handler, **more)

        events.register_first = register_first
        return client

    def _quota(self, real: Callable[[], t.Any]) -> Callable[[], t.Any]:
        def made() -> t.Any:
            self._quotas.append(real())
            return self._quotas[-1]

        return made


@dataclass
class KeptSessions:
    """Stands in for the class of sessions."""

    _sessions: dict[str, KeptSession] = field(default_factory=dict)

    def session(self, region: str | None, endpoint: str | None, connection: Mapping[str, t.Any]) -> KeptSession:
        """The session with these parameters, as a new run finds it."""
        key = json.dumps([region, endpoint, dict(connection)], default=str, sort_keys=True)
        if key not in self._sessions:
            self._sessions[key] = KeptSession(Session(region, endpoint, connection))
        self._sessions[key].renew()
        return self._sessions[key]


class RememberedReads:
    """moto, asked once for each read of one state. A state is what it began as, and what was written to it since."""

    def __init__(self, moto: MotoCalls) -> None:
        self._moto = moto
        self._answers: dict[Hashable, Answer] = {}
        self.state: tuple[Hashable, ...] = ()

    def perform(self, call: Call, principal: Principal, environ: Mapping[str, t.Any], body: bytes) -> Answer:
        """Carry the call out, or answer as in this state before."""
        if call.changes_state:
            self.state = (*self.state, request_key(environ, body))
            return self._moto.perform(call, principal, environ, body)
        if call.service not in UNTIMED:
            return self._moto.perform(call, principal, environ, body)
        key = (self.state, request_key(environ, body))
        if key not in self._answers:
            self._answers[key] = self._moto.perform(call, principal, environ, body)
        return self._answers[key]
