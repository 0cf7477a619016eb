# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The two ends of a migration: from what a user writes to a source that is read and a target that is written."""

from __future__ import annotations

import os
import threading
import typing as t
from dataclasses import dataclass
from functools import partial
from urllib.parse import unquote, urlsplit

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AWS_ERRORS, read_concurrently
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._archive import (
    SCHEMES,
    Archive,
    archive_at,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._archive_source import ArchiveSource
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifacts import ArtifactStore
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._capabilities import Capabilities, probe
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._rest_source import RestSource
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._rest_target import RestTarget
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._sql_database import DRIVERS, Database
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._sql_source import (
    DEFAULT_WORKSPACE,
    SqlSource,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_api import CONNECTIONS, MlflowApi
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_endpoint import (
    Endpoint,
    endpoint_of_arn,
    endpoint_of_url,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._request_pace import Pace

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._source import Source

RATES = {"Small": 25.0, "Medium": 50.0, "Large": 100.0}
"""Requests a second that AWS allows a tracking server of a size."""
DATABASES = ("sqlite", *DRIVERS)
ARCHIVE_CAN = Capabilities(version="archive")


@dataclass(frozen=True)
class Ends:
    """Both ends, open.

    :param source_api: the server that is read; None when something else is.
    :param target: what is written.
    :param target_as_source: the same, to be read for the comparison.
    """

    source: Source
    source_api: MlflowApi | None
    target: RestTarget | Archive
    target_as_source: RestSource | ArchiveSource

    @property
    def target_api(self) -> MlflowApi | None:
        """The server that is written to; None when an archive is."""
        return None if isinstance(self.target, Archive) else self.target.api

    @property
    def target_can(self) -> Capabilities:
        """An archive takes everything."""
        return ARCHIVE_CAN if isinstance(self.target, Archive) else self.target.can

    @property
    def target_place(self) -> str:
        """What the target is called."""
        return self.target.uri if isinstance(self.target, Archive) else self.target.api.endpoint.name

    def traffic(self) -> dict[str, dict[str, int]]:
        """What was sent to either end."""
        return {"target": _sent(self.target_api), "source": _sent(self.source_api)}

    def close(self) -> None:
        """Let both go."""
        self.source.close()
        self.target_as_source.close()


def _sent(api: MlflowApi | None) -> dict[str, int]:
    if api is None:
        return {"requests": 0, "writes": 0, "retries": 0, "refused_as_too_fast": 0}
    traffic = api.traffic
    return {
        "requests": traffic.requests,
        "writes": traffic.writes,
        "retries": traffic.retries,
        "refused_as_too_fast": api.pace.refusals,
    }


def open_ends(module: AwsModule) -> Ends:
    """Reach both ends. Raises MlflowError when one cannot be reached or is not what it should be."""
    source_wish, target_wish = module.params["source"], module.params["target"]
    if source_wish["uri"].rstrip("/") == target_wish["uri"].rstrip("/"):
        raise MlflowError(f"source and target are the same: '{source_wish['uri']}'.")
    for wish in (source_wish, target_wish):
        password = urlsplit(str(wish["uri"])).password
        if password:
            # Ansible shows what a module was given, but for values that it is told are secret.
            module.no_log_values.update({password, unquote(password)})
    if not 1 <= module.params["concurrency"] <= CONNECTIONS:
        raise MlflowError(f"concurrency: {module.params['concurrency']} is not allowed: give 1 to {CONNECTIONS}.")
    if _scheme(str(target_wish["uri"])) in DATABASES:
        raise MlflowError(
            f"target.uri: '{target_wish['uri']}' is a database, and nobody but its server may write to it. Give the server's URL."
        )
    s3 = _s3_of(module)
    target_server, source_server = _servers(module, target_wish, source_wish)
    target, target_as_source = _target(target_wish, s3, target_server)
    source = _source(source_wish, s3, source_server)
    return Ends(source, source_server.api if source_server else None, target, target_as_source)


@dataclass(frozen=True)
class Server:
    """One MLflow server that answers."""

    api: MlflowApi
    can: Capabilities


def _servers(
    module: AwsModule, target_wish: Mapping[str, t.Any], source_wish: Mapping[str, t.Any]
) -> tuple[Server | None, Server | None]:
    """Those ends that are servers, asked at the same time what they can."""
    wishes = {
        "target": ("target.uri", target_wish, module.params["requests_per_second"]),
        "source": ("source.uri", source_wish, None),
    }
    apis = {
        end: _api(module, option, wish, rate)
        for end, (option, wish, rate) in wishes.items()
        if _scheme(str(wish["uri"])) not in (*SCHEMES, *DATABASES)
    }
    can = read_concurrently({end: partial(probe, api) for end, api in apis.items()})
    servers = {end: Server(api, can[end]) for end, api in apis.items()}
    return servers.get("target"), servers.get("source")


def _target(
    wish: Mapping[str, t.Any], s3: Callable[[], t.Any], server: Server | None
) -> tuple[RestTarget | Archive, RestSource | ArchiveSource]:
    if server is None:
        archive = archive_at("target.uri", str(wish["uri"]), s3)
        return archive, ArchiveSource(archive, is_target=True)
    files = ArtifactStore(s3, server.api, wish["artifacts_destination"])
    return RestTarget(server.api, server.can, files), RestSource(server.api, server.can, files)


def _source(wish: Mapping[str, t.Any], s3: Callable[[], t.Any], server: Server | None) -> Source:
    uri, destination = str(wish["uri"]), wish["artifacts_destination"]
    if server is not None:
        is_here = bool(destination) and urlsplit(str(destination)).scheme in ("", "file")
        return RestSource(server.api, server.can, ArtifactStore(s3, server.api, destination, is_local=is_here))
    if _scheme(uri) in DATABASES:
        store = ArtifactStore(s3, None, destination, is_local=True)
        database = Database("source.uri", uri, wish["username"], wish["password"])
        return SqlSource(database, store, wish["workspace"] or DEFAULT_WORKSPACE)
    archive = archive_at("source.uri", uri, s3)
    if not archive.load():
        raise MlflowError(
            f"source.uri: there is no archive at '{uri}': it has no archive.json, which is the last file that an "
            "archiving run writes. When it was interrupted, repeat it."
        )
    return ArchiveSource(archive)


def _scheme(uri: str) -> str:
    return uri.partition(":")[0].partition("+")[0]


def _api(module: AwsModule, option: str, wish: Mapping[str, t.Any], rate: float | None) -> MlflowApi:
    endpoint = _endpoint(module, option, wish)
    return MlflowApi(endpoint, Pace(rate or _rate_of(module, endpoint)))


def _endpoint(module: AwsModule, option: str, wish: Mapping[str, t.Any]) -> Endpoint:
    uri = str(wish["uri"])
    if not uri.startswith("arn:"):
        endpoint = endpoint_of_url(option, uri, wish)
        if not wish["workspace"]:
            return endpoint
        headers = {**endpoint.headers, "X-MLFLOW-WORKSPACE": str(wish["workspace"])}
        return Endpoint(endpoint.url, headers, None, endpoint.ca_path, endpoint.validate_certs)
    credentials = module.credentials()
    if credentials is None:
        raise MlflowError(
            f"{option}: '{uri}' is managed by AWS, and there are no AWS credentials to sign requests with."
        )
    return endpoint_of_arn(option, uri, credentials, os.environ)


def _rate_of(module: AwsModule, endpoint: Endpoint) -> float | None:
    """What AWS allows by the size of a tracking server; learnt from the answers where that cannot be read."""
    if endpoint.arn is None or ":mlflow-tracking-server/" not in endpoint.arn:
        return None
    if endpoint.arn.split(":")[3] != module.region:
        return None
    try:
        name = endpoint.arn.rpartition("/")[2]
        answer = module.clients["sagemaker"].describe_mlflow_tracking_server(TrackingServerName=name)
    except AWS_ERRORS:
        return None
    return RATES.get(str(answer.get("TrackingServerSize")))


def _s3_of(module: AwsModule) -> Callable[[], t.Any]:
    """One client for all threads: only one of them may make it."""
    lock = threading.Lock()

    def s3() -> t.Any:
        with lock:
            return module.clients["s3"]

    return s3
