# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""KMS keys by id, ARN and alias."""

from __future__ import annotations

import typing as t
from unittest import mock

import pytest
from botocore.exceptions import ClientError

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _kms as kms
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import Clients, Identity
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
MULTI_REGION = "mrk-1234abcd12ab34cd56ef1234567890ab"
IDENTITY = Identity("123456789012", "aws", "us-east-1", "arn:aws:iam::123456789012:user/me")
ARN = f"arn:aws:kms:us-east-1:123456789012:key/{ID}"


def clients(answer: dict[str, t.Any] | Exception) -> tuple[Clients, mock.Mock]:
    """Clients whose DescribeKey gives one answer, and its recorder."""
    describe = mock.Mock(side_effect=answer if isinstance(answer, Exception) else [answer])
    return Clients(lambda _service: mock.Mock(describe_key=describe)), describe


def metadata(**changes: t.Any) -> dict[str, t.Any]:
    """DescribeKey's answer for a key that S3 can use, with some values of its own."""
    plain = {"Arn": ARN, "KeyState": "Enabled", "KeyUsage": "ENCRYPT_DECRYPT", "KeySpec": "SYMMETRIC_DEFAULT"}
    return {"KeyMetadata": {**plain, **changes}}


def resolve(made: Clients, key: str) -> str:
    """The key's ARN, with a call only for an alias."""
    reference = kms.parse_key(key)
    return kms.known_arn(reference, IDENTITY) or kms.key_of_alias(made, reference)


WITHOUT_A_CALL = {
    ARN: ARN,
    ID: ARN,
    f" {ID} ": ARN,
    MULTI_REGION: f"arn:aws:kms:us-east-1:123456789012:key/{MULTI_REGION}",
    f"arn:aws:kms:us-east-1:999999999999:key/{ID}": f"arn:aws:kms:us-east-1:999999999999:key/{ID}",
}


@pytest.mark.parametrize(("key", "arn"), WITHOUT_A_CALL.items())
def test_an_id_or_arn_costs_no_call(key: str, arn: str) -> None:
    made, describe = clients(metadata())
    assert resolve(made, key) == arn
    describe.assert_not_called()


@pytest.mark.parametrize("key", ["alias/mlflow", "alias/team/mlflow_1", "arn:aws:kms:us-east-1:123456789012:alias/a"])
def test_an_alias_is_looked_up(key: str) -> None:
    made, describe = clients(metadata())
    assert resolve(made, key) == ARN
    describe.assert_called_once_with(KeyId=key)


def test_an_id_belongs_to_the_callers_partition() -> None:
    identity = Identity("123456789012", "aws-cn", "cn-north-1", "arn:aws-cn:iam::123456789012:user/me")
    assert kms.known_arn(kms.parse_key(ID), identity) == f"arn:aws-cn:kms:cn-north-1:123456789012:key/{ID}"


@pytest.mark.parametrize(
    "key",
    [
        "",
        "mlflow",
        "alias/",
        "alias/a b",
        "arn:aws:s3:::bucket",
        f"arn:aws:kms:us-east-1:1:key/{ID}",
        f"key/{ID}",
        "mrk-1",
    ],
)
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(MlflowError, match=r"kms_key_id: '.*' is no KMS key"):
        kms.parse_key(key)


@pytest.mark.parametrize("resource", [f"key/{ID}", "alias/mlflow"])
def test_a_key_of_another_region_is_refused(resource: str) -> None:
    made, describe = clients(metadata())
    with pytest.raises(MlflowError, match="is in eu-west-1, the bucket and MLflow are in us-east-1"):
        resolve(made, f"arn:aws:kms:eu-west-1:123456789012:{resource}")
    describe.assert_not_called()


UNUSABLE = {
    "disabled": ({"KeyState": "Disabled"}, "is disabled"),
    "to be deleted": ({"KeyState": "PendingDeletion"}, "waiting to be deleted"),
    "for signing": ({"KeyUsage": "SIGN_VERIFY", "KeySpec": "RSA_2048"}, "RSA_2048 for SIGN_VERIFY"),
    "asymmetric": ({"KeySpec": "RSA_2048"}, "symmetric encryption key"),
}


@pytest.mark.parametrize(("changes", "message"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_key_that_s3_cannot_use_is_refused(changes: dict[str, str], message: str) -> None:
    made, _describe = clients(metadata(**changes))
    with pytest.raises(MlflowError, match=message):
        resolve(made, "alias/mlflow")


ANSWERS = {"NotFoundException": "there is no KMS key 'alias/mlflow'", "AccessDeniedException": "looking up kms_key_id"}


@pytest.mark.parametrize(("code", "message"), ANSWERS.items())
def test_a_failed_look_up_is_explained(code: str, message: str) -> None:
    made, _describe = clients(ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeKey"))
    with pytest.raises(MlflowError, match=message):
        resolve(made, "alias/mlflow")
