# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input is refused as AWS refuses it: by the model, in its words, with the service's code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from local_callers import LocalAws, refused

from localaws.validation import is_bucket_name, message

if TYPE_CHECKING:
    from collections.abc import Callable

UNCHECKED = Config(parameter_validation=False, retries={"total_max_attempts": 1})
ROLE = "arn:aws:iam::123456789012:role/service"
SERVER = {"TrackingServerName": "good", "ArtifactStoreUri": "s3://artifacts/x", "RoleArn": ROLE}
NAME_PATTERN = "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,255}"


def create_server(**changes: Any) -> Callable[[Any], object]:
    return lambda client: client.create_mlflow_tracking_server(**{**SERVER, **changes})


SIZES = "Small, Medium, Large"
SHORT = "Value 'short' at 'roleArn'"
AT = "failed to satisfy constraint: Member must"
SAGEMAKER: list[tuple[str, Callable[[Any], object], str]] = [
    (
        "pattern",
        create_server(TrackingServerName="-bad"),
        f"1 validation error detected: Value '-bad' at 'trackingServerName' {AT} satisfy regular expression pattern: "
        + NAME_PATTERN,
    ),
    (
        "enum",
        create_server(TrackingServerSize="Huge"),
        f"1 validation error detected: Value 'Huge' at 'trackingServerSize' {AT} satisfy enum value set: [{SIZES}]",
    ),
    (
        "length",
        create_server(RoleArn="short"),
        f"2 validation errors detected: {SHORT} {AT} have length greater than or equal to 20; {SHORT} {AT} satisfy ",
    ),
    (
        "missing",
        lambda client: client.describe_mlflow_tracking_server(),
        f"1 validation error detected: Value null at 'trackingServerName' {AT} not be null",
    ),
    (
        "range",
        lambda client: client.create_presigned_mlflow_tracking_server_url(TrackingServerName="x", ExpiresInSeconds=4),
        f"1 validation error detected: Value '4' at 'expiresInSeconds' {AT} have value greater than or equal to 5",
    ),
    (
        "inside a list",
        create_server(Tags=[{"Key": "k", "Value": "v"}, {"Key": "", "Value": "v"}]),
        f"1 validation error detected: Value '' at 'tags.2.member.key' {AT} have length greater than or equal to 1",
    ),
]


@pytest.mark.parametrize(("call", "words"), [case[1:] for case in SAGEMAKER], ids=[case[0] for case in SAGEMAKER])
def test_sagemaker(local_aws: LocalAws, call: Callable[[Any], object], words: str) -> None:
    code, status, found = refused(lambda: call(local_aws.client("sagemaker", config=UNCHECKED)))
    assert (code, status) == ("ValidationException", 400)
    assert found.startswith(words)


OTHERS: list[tuple[str, Callable[[Any], object], str, str]] = [
    ("iam", lambda c: c.create_role(RoleName="a b", AssumeRolePolicyDocument="{}"), "ValidationError", "'roleName'"),
    ("iam", lambda c: c.get_role(), "ValidationError", "Value null at 'roleName' failed"),
    ("scheduler", lambda c: c.get_schedule(Name="a b"), "ValidationException", "'name' failed to satisfy"),
    ("kms", lambda c: c.create_key(KeySpec="ROT13"), "ValidationException", "'keySpec' failed to satisfy"),
    ("s3", lambda c: c.create_bucket(Bucket="Upper"), "InvalidBucketName", "The specified bucket is not valid."),
    ("s3", lambda c: c.create_bucket(Bucket="192.168.1.1"), "InvalidBucketName", "not valid"),
]


@pytest.mark.parametrize(("service", "call", "code", "words"), OTHERS)
def test_other_services(
    local_aws: LocalAws, service: str, call: Callable[[Any], object], code: str, words: str
) -> None:
    found, status, text = refused(lambda: call(local_aws.client(service, config=UNCHECKED)))
    assert (found, status) == (code, 400)
    assert words in text


def test_xml_outside_of_the_schema(local_aws: LocalAws) -> None:
    s3 = local_aws.client("s3", config=UNCHECKED)
    s3.create_bucket(Bucket="documents")
    broken = {"Status": "Sometimes"}
    code, _unused, text = refused(lambda: s3.put_bucket_versioning(Bucket="documents", VersioningConfiguration=broken))
    assert (code, text[:40]) == ("MalformedXML", "The XML you provided was not well-formed")


def test_validation_can_be_switched_off(local_aws: LocalAws) -> None:
    local_aws.admin("POST", "config", {"validation": False})
    code, _unused, text = refused(
        lambda: create_server(RoleArn="short")(local_aws.client("sagemaker", config=UNCHECKED))
    )
    assert "validation error detected" not in text, code


@pytest.mark.parametrize(
    ("service", "call", "code"),
    [
        ("sagemaker", lambda c: c.list_labeling_jobs(), "NotImplementedException"),
        ("iam", lambda c: c.list_service_specific_credentials(), "NotImplemented"),
        ("ec2", lambda c: c.describe_fpga_images(), "NotImplemented"),
        ("iot", lambda c: c.list_audit_findings(), "NotImplementedException"),
    ],
)
def test_what_moto_does_not_implement(
    local_aws: LocalAws, service: str, call: Callable[[Any], object], code: str
) -> None:
    """Plain moto answers with a page of HTML that boto3 retries and then cannot read."""
    found, status, text = refused(lambda: call(local_aws.client(service)))
    assert (found, status) == (code, 501)
    assert text.startswith(f"The local AWS does not implement {service}:")


def test_messages_count_their_violations() -> None:
    one = ("'a'", "x", "Member must not be null")
    assert message([one]).startswith("1 validation error detected: Value 'a' at 'x'")
    assert message([one, one]).startswith("2 validation errors detected: ")
    assert message([one, one]).count("; Value") == 1


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("abc", True),
        ("a" * 63, True),
        ("my.bucket-1", True),
        ("ab", False),
        ("a" * 64, False),
        ("-abc", False),
        ("abc-", False),
        ("a..b", False),
        ("a_b", False),
        ("Abc", False),
        ("10.0.0.1", False),
        ("xn--abc", False),
        ("abc-s3alias", False),
        ("abc--ol-s3", False),
    ],
)
def test_bucket_names(name: str, good: bool) -> None:
    assert is_bucket_name(name) is good
