# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What moto's KMS loses."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from local_callers import refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_callers import LocalAws

ROOT = "arn:aws:iam::123456789012:root"


@pytest.mark.parametrize(("asked", "days"), [({}, 365), ({"RotationPeriodInDays": 90}, 90)])
def test_the_rotation_period(local_aws: LocalAws, asked: dict[str, int], days: int) -> None:
    kms = local_aws.client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.enable_key_rotation(KeyId=key["KeyId"], **asked)
    status = kms.get_key_rotation_status(KeyId=key["Arn"])
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, days)
    assert status["KeyId"] == key["Arn"]
    assert timedelta(days=days) > status["NextRotationDate"] - key["CreationDate"] - timedelta(minutes=1)


def test_no_rotation_has_no_period(local_aws: LocalAws) -> None:
    kms = local_aws.client("kms")
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    assert "RotationPeriodInDays" not in kms.get_key_rotation_status(KeyId=key_id)
    kms.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=90)
    kms.disable_key_rotation(KeyId=key_id)
    status = kms.get_key_rotation_status(KeyId=key_id)
    assert (status["KeyRotationEnabled"], "RotationPeriodInDays" in status) == (False, False)


REFUSED: list[tuple[str, Callable[[Any, str], object], str]] = [
    ("Disabled", lambda kms, key: kms.enable_key_rotation(KeyId=key), "DisabledException"),
    ("Disabled", lambda kms, key: kms.encrypt(KeyId=key, Plaintext=b"x"), "DisabledException"),
    ("Disabled", lambda kms, key: kms.cancel_key_deletion(KeyId=key), "KMSInvalidStateException"),
    ("Pending", lambda kms, key: kms.enable_key(KeyId=key), "KMSInvalidStateException"),
    ("Pending", lambda kms, key: kms.schedule_key_deletion(KeyId=key), "KMSInvalidStateException"),
    ("Pending", lambda kms, key: kms.create_alias(AliasName="alias/a", TargetKeyId=key), "KMSInvalidStateException"),
    ("Pending", lambda kms, key: kms.untag_resource(KeyId=key, TagKeys=["a"]), "KMSInvalidStateException"),
    ("Enabled", lambda kms, key: kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=3), "ValidationException"),
]


def test_what_a_state_refuses(local_aws: LocalAws) -> None:
    kms = local_aws.client("kms")
    keys = {state: kms.create_key()["KeyMetadata"]["Arn"] for state in ("Enabled", "Disabled", "Pending")}
    kms.disable_key(KeyId=keys["Disabled"])
    kms.schedule_key_deletion(KeyId=keys["Pending"], PendingWindowInDays=7)
    for state, call, code in REFUSED:
        assert refused(lambda call=call, state=state: call(kms, keys[state]))[0] == code  # type: ignore[misc]  # bound now


def test_a_key_waits_to_be_deleted_and_is_gone_then(local_aws: LocalAws) -> None:
    kms = local_aws.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=key)
    answer = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert (answer["KeyState"], answer["PendingWindowInDays"]) == ("PendingDeletion", 7)
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    kms.put_key_policy(
        KeyId=key, PolicyName="default", Policy=kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
    )
    kms.cancel_key_deletion(KeyId=key)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled"
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    local_aws.admin("POST", "clock", {"advance": 8 * 86_400})
    assert refused(lambda: kms.describe_key(KeyId=key))[0] == "NotFoundException"


POLICIES: dict[str, tuple[Any, str]] = {
    "no json": ("{", "malformed"),
    "locks out": ({"AWS": "arn:aws:iam::999988887777:root"}, "will not allow you to update"),
    "nobody": (None, "should specify a principal"),
    "no such role": ({"AWS": [ROOT, "arn:aws:iam::123456789012:role/none"]}, "invalid principals"),
    "wildcard": ({"AWS": [ROOT, "arn:aws:iam::123456789012:role/*"]}, "invalid principals"),
}


@pytest.mark.parametrize(("principal", "words"), POLICIES.values(), ids=POLICIES)
def test_which_policies_it_takes(local_aws: LocalAws, principal: Any, words: str) -> None:
    kms = local_aws.client("kms")
    statement = {"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": principal}
    document = json.dumps({"Version": "2012-10-17", "Statement": [{k: v for k, v in statement.items() if v}]})
    wrong = principal if isinstance(principal, str) else document
    key = kms.create_key()["KeyMetadata"]["Arn"]
    for call in (
        lambda: kms.create_key(Policy=wrong),
        lambda: kms.put_key_policy(KeyId=key, PolicyName="default", Policy=wrong),
    ):
        code, _status, message = refused(call)
        assert (code, words in message) == ("MalformedPolicyDocumentException", True)
    if words.startswith("will not"):
        assert kms.create_key(Policy=wrong, BypassPolicyLockoutSafetyCheck=True)


@pytest.mark.parametrize(
    ("state", "code"), [("disabled", "KMS.DisabledException"), ("gone", "KMS.KMSInvalidStateException")]
)
def test_s3_needs_the_key(local_aws: LocalAws, state: str, code: str) -> None:
    kms, s3 = local_aws.client("kms"), local_aws.client("s3")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    s3.create_bucket(Bucket="secrets")
    s3.put_object(Bucket="secrets", Key="a", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    if state == "disabled":
        kms.disable_key(KeyId=key)
    else:
        kms.schedule_key_deletion(KeyId=key)
    assert refused(lambda: s3.get_object(Bucket="secrets", Key="a"))[0] == code
    writing = {"Bucket": "secrets", "Key": "b", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    assert refused(lambda: s3.put_object(**writing))[0] == code
    assert refused(lambda: s3.copy_object(Bucket="secrets", Key="c", CopySource="secrets/a"))[0] == code
    s3.put_object(Bucket="secrets", Key="d", Body=b"x")
