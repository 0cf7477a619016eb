# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One botocore client for a service and its settings, for all runs of a process. Each run finds it as new."""

from __future__ import annotations

import json
import os
import typing as t
from unittest import mock

from botocore.retries import quota
from local_region import REGION

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _account_roles
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._congestion_window import CongestionWindow
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._session import Session

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.config import Config
    from local_region import LocalRegion


class KeptSession:
    """A session whose clients are kept: without the handlers of an earlier run, and with all their retries."""

    def __init__(self, region: LocalRegion) -> None:
        with mock.patch.dict(os.environ, region.environment):
            self._session = Session(REGION, region.endpoint, {})
            self._session.credentials()
        self.account_id, self.credentials = self._session.account_id, self._session.credentials
        self.load_trust, self.partition = self._session.load_trust, self._session.partition
        self._clients: dict[tuple[str, str], t.Any] = {}
        self._added: list[tuple[t.Any, str, t.Any]] = []
        self._quotas: list[t.Any] = []

    def client(self, service: str, config: Config) -> t.Any:
        """See Session."""
        given = t.cast("t.Any", config)._user_provided_options
        key = (service, json.dumps(given, default=str, sort_keys=True))
        if key not in self._clients:
            self._clients[key] = self._made(service, config)
        return self._clients[key]

    def renewed(self) -> KeptSession:
        """As a new run finds it."""
        for events, name, handler in self._added:
            events.unregister(name, handler)
        self._added.clear()
        _account_roles._shared.clear()
        for window in self._session._windows.values():
            vars(window).update(vars(CongestionWindow()))
        for each in self._quotas:
            each.release(each._max_capacity)
        return self

    def _made(self, service: str, config: Config) -> t.Any:
        with mock.patch.object(quota, "RetryQuota", self._quota(quota.RetryQuota)):
            client = self._session.client(service, config)
        events = client.meta.events
        register = events.register_first

        def register_first(name: str, handler: t.Any, **more: t.Any) -> None:
            if "unique_id" not in more:  # such a one is of the client, not of a run
                self._added.append((events, name, handler))
            register(name, handler, **more)

        events.register_first = register_first
        return client

    def _quota(self, real: Callable[[], t.Any]) -> Callable[[], t.Any]:
        def made() -> t.Any:
            self._quotas.append(real())
            return self._quotas[-1]

        return made
