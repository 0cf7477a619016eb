# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""One botocore session for all clients of a run, with what is slow to load kept for the next one of the process.

Credentials are found once (a role to assume is assumed once), and the models of the services and the bundle of
certificates are read once.
"""

from __future__ import annotations

import functools
import inspect
import os
import threading
import typing as t

try:
    import botocore.session
    from botocore import httpsession
    from botocore.credentials import Credentials
    from botocore.exceptions import BotoCoreError, UnknownRegionError
except ImportError:
    # AnsibleAWSModule reports a missing boto3 in words before anything here is used.
    pass

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _congestion_window as congestion_window
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _limits as limits
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._lasting import lasting
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._service_models import service_models
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._whole_answers import require_whole_answers

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.config import Config


@functools.cache
def _loaded(bundle: str) -> t.Any:
    context = httpsession.create_urllib3_context()
    try:
        context.load_verify_locations(bundle)
    except OSError as error:
        raise OSError(
            f"the certificates in '{bundle}' cannot be loaded ({error}). The option aws_ca_bundle, AWS_CA_BUNDLE, or ca_bundle of the "
            "profile names them."
        ) from error
    return context


_LOADING = threading.Lock()


def _trusting(bundle: str) -> t.Any:
    """A TLS context that has loaded these certificates. All connections of a round of reads want it at once, and one loads it."""
    with _LOADING:
        return _loaded(bundle)


class Session:
    """Makes the clients of one run.

    :param connection: what amazon.aws makes of the options: C(profile_name), C(aws_config), and parameters of a client.
    """

    def __init__(self, region: str | None, endpoint: str | None, connection: Mapping[str, t.Any]) -> None:
        self._parameters = {"region_name": region, "endpoint_url": endpoint, **connection}
        profile = self._parameters.pop("profile_name", None)
        self._config = self._parameters.pop("aws_config", None)
        self._windows: dict[str, congestion_window.CongestionWindow] = {}
        self._session = botocore.session.Session()
        if profile is not None:
            self._session.set_config_variable("profile", profile)
        self._session.register_component("data_loader", service_models(self._session.get_config_variable("data_path")))

    def client(self, service: str, config: Config) -> t.Any:
        """A client; botocore's errors are the caller's. The user's C(aws_config) wins over C(config)."""
        wished = config.merge(self._config) if self._config else config
        with lasting():
            client = self._session.create_client(service, config=wished, **self._parameters)
        share_trust(client)
        require_whole_answers(client)
        window = self._windows.setdefault(service, congestion_window.CongestionWindow())
        congestion_window.share(client, window, _attempts_when_throttled(client))
        return client

    @property
    def has_trust(self) -> bool:
        """Whether this process has loaded certificates."""
        return _loaded.cache_info().currsize > 0

    def load_trust(self) -> None:
        """Load the certificates that the clients trust: botocore's own, or those that the options, the environment or the configuration
        name. OSError where there are none.
        """
        bundle_of = getattr(httpsession, "get_cert_path", None)
        verify = self._parameters.get("verify")
        if verify is None:
            verify = self._session.get_config_variable("ca_bundle") or True
        if verify and callable(bundle_of):
            _trusting(bundle_of(verify))

    def credentials(self) -> t.Any:
        """What the clients sign with; None when there is nothing. A role or a profile gives new ones before they end."""
        key: t.Any = self._parameters.get("aws_access_key_id")
        if key is None:
            return self._session.get_credentials()
        secret: t.Any = self._parameters.get("aws_secret_access_key")
        return Credentials(key, secret, self._parameters.get("aws_session_token"))

    def partition(self, region: str) -> str | None:
        """That of a region, as in C(aws) or C(aws-us-gov); None for a region that is newer than botocore."""
        try:
            return str(self._session.get_partition_for_region(region))
        except UnknownRegionError:
            return None

    def account_id(self) -> str | None:
        """The account that the credentials come with: those of a role or of a single sign-on have one, and keys in the
        environment have one in AWS_ACCOUNT_ID.
        """
        key = self._parameters.get("aws_access_key_id")
        if key is not None:
            is_of_environment = key == os.environ.get("AWS_ACCESS_KEY_ID")
            return (os.environ.get("AWS_ACCOUNT_ID") or None) if is_of_environment else None
        try:
            credentials = self._session.get_credentials()
            frozen = credentials and credentials.get_frozen_credentials()
        except BotoCoreError:
            return None  # the first call tells it in its own words
        account_id = getattr(frozen, "account_id", None)
        return str(account_id) if account_id else None


def _attempts_when_throttled(client: t.Any) -> int:
    """What the user sets, and what must not be repeated, is so here as well."""
    wished = int((client.meta.config.retries or {}).get("total_max_attempts", limits.ATTEMPTS))
    return limits.THROTTLED_ATTEMPTS if wished == limits.ATTEMPTS else wished


class SharedSession(Session):
    """Makes each client once, for all modules that a process runs at the same time."""

    def __init__(self, region: str | None, endpoint: str | None, connection: Mapping[str, t.Any]) -> None:
        super().__init__(region, endpoint, connection)
        self._made: dict[tuple[str, ...], t.Any] = {}

    def client(self, service: str, config: Config) -> t.Any:
        """That of this service and this way to retry."""
        key = (service, str(getattr(config, "retries", None)), str(getattr(config, "user_agent", None)))
        with _SHARING:
            if key not in self._made:
                many = type(config)(max_pool_connections=SHARED_CONNECTIONS)
                self._made[key] = super().client(service, config.merge(many))
            return self._made[key]


SHARED_CONNECTIONS = 128
"""How many connections to one host the modules of a process keep."""
_SHARING = threading.RLock()
_shared: dict[str, Session] | None = None


def share_sessions() -> None:
    """From now on the modules of this process share sessions and clients."""
    global _shared
    _shared = {}


def session_of(region: str | None, endpoint: str | None, connection: Mapping[str, t.Any]) -> Session:
    """A session, or the one that a module with the same options has already."""
    if _shared is None:
        return Session(region, endpoint, connection)
    key = repr((region, endpoint, sorted(connection.items())))
    with _SHARING:
        if key not in _shared:
            _shared[key] = SharedSession(region, endpoint, connection)
        return _shared[key]


def share_trust(client: t.Any) -> bool:
    """Let all connections of a client use one TLS context; whether that is possible.

    botocore loads the bundle of certificates anew for each connection, which takes more time than most calls do. The
    attributes used here are private to botocore: where they differ, it goes on as it does.
    """
    session: t.Any = getattr(getattr(client, "_endpoint", None), "http_session", None)
    prepare: t.Any = getattr(session, "_setup_ssl_cert", None)
    bundle_of: t.Any = getattr(httpsession, "get_cert_path", None)
    is_known = (
        callable(prepare)
        and callable(bundle_of)
        and hasattr(httpsession, "create_urllib3_context")
        and list(inspect.signature(prepare).parameters) == ["conn", "url", "verify"]
        # A certificate of the client's own is loaded into the context, so it cannot be everybody's.
        and getattr(session, "_cert_file", "unknown") is None
    )
    if is_known:
        session._setup_ssl_cert = functools.partial(_prepared, prepare, bundle_of)
    return is_known


def _prepared(
    prepare: t.Callable[..., None], bundle_of: t.Callable[[t.Any], str], conn: t.Any, url: str, verify: t.Any
) -> None:
    """What botocore does with a pool of connections before each request, with the context that has the certificates."""
    prepare(conn, url, verify)
    settings = getattr(conn, "conn_kw", None)
    if verify and url.lower().startswith("https") and isinstance(settings, dict) and "ssl_context" in settings:
        settings["ssl_context"] = _trusting(bundle_of(verify))
        conn.ca_certs = None
