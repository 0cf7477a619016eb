# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane and the repaired moto behind real boto3 clients, without the layers in front of them.

Settings, clock and MLflow processes are in the hands of the test.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from localaws import control_plane, instance, lean_botocore, moto_repairs
from localaws.clock import Clock
from localaws.control_plane.store import Store
from localaws.settings import BOOT_ACCESS_KEY, BOOT_SECRET_KEY, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from localaws.control_plane.store import MlflowResource

ACCOUNT = "123456789012"
REGION = "us-east-1"
TRUST: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@dataclass
class RecordedProcesses:
    """Stands in for MLflow: notes what it is told, and is as healthy as the test wants."""

    told: list[tuple[str, str]] = field(default_factory=list)
    is_healthy: bool = True
    failure: str | None = None

    def ensure(self, resource: MlflowResource) -> None:
        self.told.append(("ensure", resource.name))

    def healthy(self, _arn: str) -> bool:
        return self.is_healthy

    def failed(self, _arn: str) -> str | None:
        return self.failure

    def stop(self, arn: str) -> None:
        self.told.append(("stop", arn))

    def delete_data(self, arn: str) -> None:
        self.told.append(("delete_data", arn))


@dataclass
class RecordedLinks:
    """Stands in for the data plane's links: notes what they are for."""

    issued: list[tuple[str, int, int]] = field(default_factory=list)

    def issue(self, arn: str, expires_in_seconds: int, session_seconds: int, _principal: Any = None) -> str:
        self.issued.append((arn, expires_in_seconds, session_seconds))
        return "http://127.0.0.1:5566/_mlflow/models/auth?authToken=secret"


@dataclass
class ControlRegion:
    """An empty account."""

    endpoint: str
    settings: Settings
    clock: Clock
    store: Store
    processes: RecordedProcesses
    links: RecordedLinks
    running: instance.Instance

    def client(
        self, service: str, region: str = REGION, key: str = BOOT_ACCESS_KEY, secret: str = BOOT_SECRET_KEY
    ) -> Any:
        """A boto3 client that does not repeat what fails."""
        return _client(self.endpoint, service, region, key, secret)

    def role(self, name: str = "mlflow", trust: Any = None) -> str:
        """A role that SageMaker can assume, unless told otherwise."""
        made = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust or TRUST))
        return str(made["Role"]["Arn"])

    def bucket(self, name: str = "artifacts", region: str = REGION) -> str:
        """A bucket for artifacts; gives its URI."""
        where = {} if region == REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        self.client("s3", region).create_bucket(Bucket=name, **where)
        return f"s3://{name}"

    def server(self, name: str = "models", **more: Any) -> MlflowResource:
        """A tracking server with all that it needs."""
        arn = self.client("sagemaker").create_mlflow_tracking_server(
            TrackingServerName=name, **{**self._needs(), **more}
        )["TrackingServerArn"]
        return self.found(arn)

    def app(self, name: str = "models", **more: Any) -> MlflowResource:
        """An App with all that it needs."""
        return self.found(self.client("sagemaker").create_mlflow_app(Name=name, **{**self._needs(), **more})["Arn"])

    def found(self, arn: str) -> MlflowResource:
        """The resource as it is now."""
        resource = self.store.find(arn)
        assert resource is not None
        return resource

    def _needs(self) -> dict[str, str]:
        names = {bucket["Name"] for bucket in self.client("s3").list_buckets()["Buckets"]}
        roles = {role["RoleName"]: role["Arn"] for role in self.client("iam").list_roles()["Roles"]}
        return {
            "ArtifactStoreUri": "s3://artifacts" if "artifacts" in names else self.bucket(),
            "RoleArn": roles.get("mlflow") or self.role(),
        }


@lru_cache(maxsize=64)
def _client(endpoint: str, service: str, region: str, key: str, secret: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]  # the service is a variable here
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(retries={"max_attempts": 1, "mode": "standard"}),
    )


def refused(call: Callable[..., Any], **parameters: Any) -> tuple[str, str, int]:
    """Code, message and status of the error that a call must end in."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["Error"].get("Message", ""), answer["ResponseMetadata"]["HTTPStatusCode"]


@pytest.fixture(scope="session")
def moto_endpoint() -> Iterator[str]:
    """moto with our classes in it, served on a free port."""
    lean_botocore.prepare()
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  # werkzeug's own name
            """No line for each request."""

    control_plane.register()
    moto_repairs.register()
    server = make_server(
        "127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True, request_handler=Quiet
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def aws(moto_endpoint: str, tmp_path: Path) -> ControlRegion:
    """An empty account."""
    from moto.core.model_instances import reset_model_data
    from moto.iam.models import iam_backends
    from moto.s3.models import s3_backends
    from moto.sagemaker.models import sagemaker_backends
    from moto.sts.models import sts_backends

    for backends in (iam_backends, s3_backends, sagemaker_backends, sts_backends):
        backends.reset()
    reset_model_data()
    settings = Settings(home=tmp_path, port=int(moto_endpoint.rpartition(":")[2]), mlflow="off")
    processes, links = RecordedProcesses(), RecordedLinks()
    clock, store = Clock(), Store()
    unused: Any = None  # the layers in front of the control plane
    running = instance.Instance(settings, clock, unused, unused, store, processes, links, unused)  # type: ignore[arg-type]  # recorded stand-ins
    instance.install(running)
    return ControlRegion(moto_endpoint, settings, clock, store, processes, links, running)
