# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who calls a local AWS in these tests, and what comes back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local_region import LocalRegion

NO_RETRY = Config(retries={"total_max_attempts": 1})
TRUST_SAGEMAKER = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@dataclass
class Keys:
    """What a client signs with."""

    access_key: str
    secret_key: str
    token: str | None = None


@dataclass
class LocalAws:
    """An empty local AWS and the clients of whoever calls it."""

    region: LocalRegion

    @property
    def endpoint(self) -> str:
        return self.region.endpoint

    @property
    def boot_keys(self) -> Keys:
        environment = self.region.environment
        return Keys(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])

    def client(self, service: str, keys: Keys | None = None, config: Config = NO_RETRY) -> Any:
        """A client that does not retry, so that a test sees every answer."""
        keys = keys or self.boot_keys
        return boto3.client(
            service,  # type: ignore[call-overload]  # the service is a variable here
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=keys.access_key,
            aws_secret_access_key=keys.secret_key,
            aws_session_token=keys.token,
            config=config,
        )

    def user(self, name: str, *statements: Mapping[str, Any], **options: Any) -> Keys:
        """A user with an inline policy of these statements, and an access key."""
        iam = self.client("iam")
        iam.create_user(UserName=name, **options)
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return Keys(key["AccessKeyId"], key["SecretAccessKey"])

    def role(self, name: str, trust: Mapping[str, Any] | None = None) -> str:
        """A role that SageMaker may assume, or with another trust policy; its ARN."""
        document = json.dumps(trust or TRUST_SAGEMAKER)
        role = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]
        return str(role["Arn"])

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        return self.region.admin(method, path, body)


def trust_of(service: str, **conditions: Mapping[str, str]) -> dict[str, Any]:
    """A trust policy for one service."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [{**statement, **({"Condition": conditions} if conditions else {})}]}


def policy(*statements: Mapping[str, Any]) -> str:
    """A policy document of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def refused(call: Callable[[], object]) -> tuple[str, int, str]:
    """Code, status and message of the error that a call ends with."""
    with pytest.raises(ClientError) as caught:
        call()
    response = caught.value.response
    return (
        response["Error"]["Code"],
        response["ResponseMetadata"]["HTTPStatusCode"],
        response["Error"].get("Message", ""),
    )
