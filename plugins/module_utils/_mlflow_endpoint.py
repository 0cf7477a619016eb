# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Where an MLflow server is and how to be let in: plain servers by URL, managed ones by ARN."""

from __future__ import annotations

import base64
import typing as t
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

try:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
except ImportError:
    # AnsibleAWSModule reports a missing boto3 in words before anything here is used.
    SigV4Auth = AWSRequest = None  # type: ignore[assignment,misc]  # never called then

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.credentials import Credentials

CUSTOM_ENDPOINT = "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT"
"""AWS's own client reads this variable too: it sends everything there instead of to AWS."""


@dataclass(frozen=True)
class Signature:
    """Signs requests to a managed MLflow.

    :param credentials: botocore's; those that expire are renewed by botocore.
    """

    credentials: Credentials = field(repr=False)
    service: str
    region: str

    def headers(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> dict[str, str]:
        """The headers to send instead of C(headers)."""
        request = AWSRequest(method=method, url=url, data=body or b"", headers=dict(headers))
        SigV4Auth(self.credentials.get_frozen_credentials(), self.service, self.region).add_auth(request)
        return dict(request.headers.items())


@dataclass(frozen=True)
class Endpoint:
    """One MLflow server.

    :param url: without a trailing slash; may have a path, where the server lies behind a proxy.
    :param headers: sent with each request; may hold a password or token, so they are shown nowhere.
    :param ca_path: file with the certificates to trust instead of the system's.
    :param is_managed: artifacts are written to the bucket itself, and requests are limited by AWS.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    signature: Signature | None = None
    ca_path: str | None = None
    validate_certs: bool = True
    is_managed: bool = False
    arn: str | None = None

    @property
    def name(self) -> str:
        """How messages name it."""
        return self.arn or self.url


def endpoint_of_url(option: str, url: str, access: Mapping[str, t.Any]) -> Endpoint:
    """A plain MLflow server with basic or bearer authentication, or headers of one's own."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise MlflowError(f"{option}: '{_without_password(url)}' is not the URL of an MLflow server.")
    if parts.query or parts.fragment:
        raise MlflowError(f"{option}: '{_without_password(url)}' has a query or fragment: give the server's URL only.")
    username, password = access.get("username") or parts.username, access.get("password") or parts.password
    token = access.get("token")
    if token and username:
        raise MlflowError(f"{option}: give either username and password, or token.")
    headers = {str(key): str(value) for key, value in (access.get("headers") or {}).items()}
    if username:
        pair = base64.b64encode(f"{username}:{password or ''}".encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
    if token:
        headers["Authorization"] = f"Bearer {token}"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = f":{parts.port}" if parts.port else ""
    return Endpoint(
        url=f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}",
        headers=headers,
        ca_path=access.get("ca_path"),
        validate_certs=access.get("validate_certs", True),
    )


def endpoint_of_arn(option: str, arn: str, credentials: Credentials, environment: Mapping[str, str]) -> Endpoint:
    """A tracking server or App of SageMaker, as AWS's own client reaches it."""
    match = sagemaker.mlflow_arn(option, arn, None)
    region = match["region"]
    if match["kind"] == "app":
        url, service, header = f"https://mlflow.sagemaker.{region}.app.aws", "sagemaker", "x-sm-mlflow-app-arn"
    else:
        url, service = f"https://{region}.experiments.sagemaker.aws", "sagemaker-mlflow"
        header = "x-mlflow-sm-tracking-server-arn"
    return Endpoint(
        url=(environment.get(CUSTOM_ENDPOINT) or url).rstrip("/"),
        headers={header: arn},
        signature=Signature(credentials, service, region),
        is_managed=True,
        arn=arn,
    )


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"
