# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Describe many tracking servers and Apps at the same time, each with the environment variables of its host."""

from __future__ import annotations

import contextlib
import typing as t
from concurrent.futures import ThreadPoolExecutor

try:
    import boto3
except ImportError:
    boto3 = None  # type: ignore[assignment]  # whoever wants to look asks can_look() first

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _mlflow_app, _tracking_server
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import (
    AWS_ERRORS,
    COLLECTION_NAME,
    COLLECTION_VERSION,
    CONCURRENT_READS,
    client_config,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._environment_variables import environment
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._waiting_together import Look

if t.TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._waiting_together import Target


def can_look() -> bool:
    """Whether boto3 is here."""
    return boto3 is not None


class Looks:
    """Asks AWS with one client for each region and each set of environment variables."""

    def __init__(self) -> None:
        self._clients: dict[tuple[str, tuple[tuple[str, str], ...]], t.Any] = {}

    def __call__(self, targets: Sequence[Target]) -> dict[str, Look]:
        """What AWS says of each; nothing of those that it does not tell of."""
        # Made here: threads may use a client, not make one.
        clients = {target.key: self._client(target) for target in targets}
        with ThreadPoolExecutor(max_workers=CONCURRENT_READS) as pool:
            looks = pool.map(lambda target: _look(clients[target.key], target.arn), targets)
            return {target.key: look for target, look in zip(targets, looks, strict=True) if look is not None}

    def _client(self, target: Target) -> t.Any:
        region = sagemaker.region_of(target.arn)
        place = (region, tuple(sorted(target.environment.items())))
        if place not in self._clients:
            with environment(target.environment), contextlib.suppress(*AWS_ERRORS):
                config = client_config(user_agent_extra=f"{COLLECTION_NAME}/{COLLECTION_VERSION}")
                self._clients[place] = boto3.session.Session().client("sagemaker", region_name=region, config=config)
        return self._clients.get(place)


def _look(client: t.Any, arn: str) -> Look | None:
    """One Describe. Whatever goes wrong is told by the module that is run afterwards, which goes by the same facts."""
    if client is None:
        return None
    is_app = arn.split(":")[5].startswith("mlflow-app/")
    state: _mlflow_app.MlflowApp | _tracking_server.TrackingServer
    try:
        if is_app:
            state = _mlflow_app.from_aws(client.describe_mlflow_app(Arn=arn), None)
        else:
            name = arn.rpartition("/")[2]
            state = _tracking_server.from_aws(client.describe_mlflow_tracking_server(TrackingServerName=name), None)
    except AWS_ERRORS as error:
        return Look("gone", settled=True) if sagemaker.is_not_found(error) else None
    in_maintenance = state.in_flux and not sagemaker.is_in_flux(state.status)
    return Look(str(state.maintenance_status) if in_maintenance else state.status, settled=not state.in_flux)
