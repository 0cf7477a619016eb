# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The tracking server in AWS: which calls read it. What to do is decided in _tracking_server_plan."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from functools import partial
from importlib.metadata import version

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AWS_ERRORS
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._progress import Progress
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker_resource import (
    SageMakerResource,
    Waiting,
    known_fields,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server import (
    TrackingServer,
    described,
    from_aws,
    require_known_settings,
    wish_from_parameters,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server_outcome import KIND
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server_plan import make_plan
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server_words import ServerWords

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._account import Account
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule, Clients
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Plan
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._reading import Reading
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server import State, Wish

CREATE_OPERATION = "CreateMlflowTrackingServer"


class TrackingServerResource(SageMakerResource[TrackingServer]):
    """One tracking server, as _converge sees it."""

    def __init__(
        self,
        wish: Wish,
        clients: Clients,
        waiting: Waiting,
        progress: Progress,
        warn: t.Callable[[str], None],
        account: Account | None = None,
    ) -> None:
        words = ServerWords(KIND, f"tracking server '{wish.name}'", wish.region)
        super().__init__(KIND, words, wish, clients, waiting, progress, warn, account)
        self.wish = wish
        self.when_absent: t.Callable[[], None] = _nothing_else

    def run_as(self, role_arn: str) -> None:
        """Wish for this role. It may have become known only now."""
        self.wish = self._wished = replace(self.wish, role_arn=role_arn)

    def plan(self, state: State) -> Plan[State]:
        """See _tracking_server_plan."""
        return make_plan(self.wish, state)

    def describe(self, state: State) -> dict[str, t.Any]:
        """The module's return values."""
        return described(state, self.wish.name)

    def _observing(self) -> Reading[State]:
        """Describe and, when tags were asked about, ListTags at the same time if the ARN is known beforehand."""
        arn = self.wish.arn_in(self._account.known) if self.wish.role_arn is None else self.wish.predicted_arn
        if arn is None or not self._asks_for_tags():
            found = yield {"server": self._first_look}
            if found["server"] is not None:
                self._account.learn(found["server"].arn)
            return (yield from self._tag_reading(found["server"]))
        found = yield {"server": self._first_look, "tags": partial(self._tags_or_error, arn)}
        server: State = found["server"]
        if server is None:
            return None
        if server.arn != arn:
            return (yield from self._tag_reading(server))
        return replace(server, tags=_or_raise(found["tags"]))

    def _first_look(self) -> State:
        server = self._look()
        if server is None:
            self.when_absent()
        return server

    def _look(self) -> State:
        try:
            answer = self._clients["sagemaker"].describe_mlflow_tracking_server(TrackingServerName=self.wish.name)
        except AWS_ERRORS as error:
            if sagemaker.is_not_found(error):
                return None
            raise
        return from_aws(answer, None)

    def _tagged(self, state: TrackingServer, tags: Mapping[str, str]) -> TrackingServer:
        return replace(state, tags=tags)


def _nothing_else() -> None:
    """Nobody else wants to know that it is absent."""


def _or_raise(tags: dict[str, str] | Exception) -> dict[str, str]:
    if isinstance(tags, Exception):
        raise tags
    return tags


def from_module(module: AwsModule) -> TrackingServerResource:
    """The server that a module's options describe."""
    return from_options(module.params, module.region, module.clients, module.warn)


def from_options(
    options: Mapping[str, t.Any],
    region: str | None,
    clients: Clients,
    warn: t.Callable[[str], None],
    account: Account | None = None,
) -> TrackingServerResource:
    """The server that these options of the module describe."""
    wish = wish_from_parameters(options, region)
    waiting = Waiting.from_parameters(options)
    require_known_settings(wish, known_fields(clients, CREATE_OPERATION), version("botocore"))
    progress = Progress.of_task(f"tracking server {wish.name}")
    return TrackingServerResource(wish, clients, waiting, progress, warn, account)
