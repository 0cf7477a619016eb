# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The tracking server in AWS: which calls read it. What to do is decided in _tracking_server_plan."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from importlib.metadata import version

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AWS_ERRORS, read_concurrently
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

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule, Clients
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Plan
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
    ) -> None:
        words = ServerWords(KIND, f"tracking server '{wish.name}'", wish.region)
        super().__init__(KIND, words, wish, clients, waiting, progress, warn)
        self.wish = wish

    def plan(self, state: State) -> Plan[State]:
        """See _tracking_server_plan."""
        return make_plan(self.wish, state)

    def describe(self, state: State) -> dict[str, t.Any]:
        """The module's return values."""
        return described(state, self.wish.name)

    def _observe(self) -> State:
        """Describe and, when tags were asked about, ListTags at the same time: the ARN is known beforehand."""
        arn = self.wish.predicted_arn
        if arn is None or not self._asks_for_tags():
            return self._with_tags(self._look())
        self._clients["sagemaker"]  # made here: threads may use a client, not make one
        reads = read_concurrently({"server": self._look, "tags": lambda: self._tags_or_error(arn)})
        return self._combined(reads["server"], arn, reads["tags"])

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

    def _combined(self, server: State, arn: str, tags: dict[str, str] | Exception) -> State:
        if server is None:
            return None
        if server.arn != arn:
            return self._with_tags(server)
        if isinstance(tags, Exception):
            raise tags
        return replace(server, tags=tags)


def from_module(module: AwsModule) -> TrackingServerResource:
    """The server that a module's options describe."""
    wish = wish_from_parameters(module.params, module.region)
    waiting = Waiting.from_parameters(module.params)
    require_known_settings(wish, known_fields(module, CREATE_OPERATION), version("botocore"))
    progress = Progress.of_task(f"tracking server {wish.name}")
    return TrackingServerResource(wish, module.clients, waiting, progress, module.warn)
