# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A local AWS with real MLflow servers, one for each test process."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import local_region
import pytest
from local_callers import LocalAws

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local_region import LocalRegion

BUCKET = "models-of-the-tests"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"},
        {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"},
    ],
}
SERVICE_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["s3:Get*", "s3:Put*", "s3:List*"], "Resource": "*"}],
}


@dataclass(frozen=True)
class ManagedMlflow:
    """A region with one tracking server and one App, both ready."""

    region: LocalRegion
    role_arn: str
    arns: dict[str, str]

    @property
    def server(self) -> str:
        return self.arns["tracking_server"]

    @property
    def app(self) -> str:
        return self.arns["app"]

    def presigned_url(self, kind: str = "tracking_server", client: Any = None, **options: int) -> str:
        """A link to the UI."""
        sagemaker = client or self.region.client("sagemaker")
        if kind == "app":
            return str(sagemaker.create_presigned_mlflow_app_url(Arn=self.app, **options)["AuthorizedUrl"])
        name = self.server.rpartition("/")[2]
        answer = sagemaker.create_presigned_mlflow_tracking_server_url(TrackingServerName=name, **options)
        return str(answer["AuthorizedUrl"])

    def user(self, name: str, *actions: str) -> dict[str, str]:
        """Credentials of an IAM user that may do just this, as environment variables."""
        iam = self.region.client("iam")
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        iam.create_user(UserName=name)
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName="only", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


@pytest.fixture
def local_aws(region: LocalRegion) -> LocalAws:
    """An empty local AWS without MLflow."""
    return LocalAws(region)


@pytest.fixture(scope="session")
def managed_mlflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ManagedMlflow]:
    """MLflow in both kinds. Tests share it: they use names of their own and put settings back."""
    region = local_region.start(tmp_path_factory.mktemp("with_mlflow"))
    try:
        role_arn = _prepare_account(region)
        yield ManagedMlflow(region, role_arn, _create(region, role_arn))
    finally:
        local_region.stop(region)


@pytest.fixture
def enforced_iam(managed_mlflow: ManagedMlflow) -> Iterator[None]:
    """IAM policies count while the test runs."""
    managed_mlflow.region.configure(iam_enforcement=True)
    yield
    managed_mlflow.region.configure(iam_enforcement=False)


def wait_for(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    """Wait until something holds; an MLflow that has to be imported first takes seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def _prepare_account(region: LocalRegion) -> str:
    region.client("s3").create_bucket(Bucket=BUCKET)
    iam = region.client("iam")
    role = iam.create_role(RoleName="mlflow", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.put_role_policy(RoleName="mlflow", PolicyName="artifacts", PolicyDocument=json.dumps(SERVICE_POLICY))
    return str(role["Role"]["Arn"])


def _create(region: LocalRegion, role_arn: str) -> dict[str, str]:
    sagemaker = region.client("sagemaker")
    common = {"RoleArn": role_arn}
    server = sagemaker.create_mlflow_tracking_server(
        TrackingServerName="models", ArtifactStoreUri=f"s3://{BUCKET}/server", **common
    )["TrackingServerArn"]
    app = sagemaker.create_mlflow_app(Name="models", ArtifactStoreUri=f"s3://{BUCKET}/app", **common)["Arn"]
    wait_for(
        lambda: (
            sagemaker.describe_mlflow_tracking_server(TrackingServerName="models")["TrackingServerStatus"] == "Created"
        )
    )
    wait_for(lambda: sagemaker.describe_mlflow_app(Arn=app)["Status"] == "Created")
    return {"tracking_server": server, "app": app}
