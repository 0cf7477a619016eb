# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What moto's S3 loses, mangles or destroys: each repair, there and back through boto3."""

from __future__ import annotations

import copy
import json
import urllib.request
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

import boto3
import pytest
from botocore.config import Config
from local_aws.control_region import ACCOUNT, ControlRegion, aws, moto_endpoint, refused

from localaws.moto_repairs.s3_responses import MOTO_KNOWS, sub_resource_names
from localaws.settings import BOOT_ACCESS_KEY, BOOT_SECRET_KEY

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["aws", "moto_endpoint"]

OTHER_ACCOUNT = "210987654321"


@pytest.fixture
def s3(aws: ControlRegion) -> Any:
    """A client, and the bucket C(artifacts)."""
    aws.bucket()
    return aws.client("s3")


def plain(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


# What is written by one operation and must be read back whole by another.
METRICS = {"Id": "all", "Filter": {"Prefix": "runs/"}}
TIERING = {"Id": "cold", "Status": "Enabled", "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}]}
ANALYTICS = {
    "Id": "use",
    "StorageClassAnalysis": {
        "DataExport": {
            "OutputSchemaVersion": "V_1",
            "Destination": {"S3BucketDestination": {"Format": "CSV", "Bucket": "arn:aws:s3:::reports"}},
        }
    },
}
INVENTORY = {
    "Id": "weekly",
    "IsEnabled": True,
    "IncludedObjectVersions": "Current",
    "Schedule": {"Frequency": "Weekly"},
    "OptionalFields": ["Size", "ETag"],
    "Destination": {"S3BucketDestination": {"Format": "Parquet", "Bucket": "arn:aws:s3:::reports"}},
}
IDENTIFIED: dict[str, tuple[str, dict[str, Any]]] = {
    "intelligent_tiering": ("IntelligentTieringConfiguration", TIERING),
    "metrics": ("MetricsConfiguration", METRICS),
    "analytics": ("AnalyticsConfiguration", ANALYTICS),
    "inventory": ("InventoryConfiguration", INVENTORY),
}


@pytest.mark.parametrize("name", sorted(IDENTIFIED))
def test_configurations_with_ids(s3: Any, name: str) -> None:
    member, document = IDENTIFIED[name]
    where: dict[str, str] = {"Bucket": "artifacts", "Id": str(document["Id"])}
    read, write = getattr(s3, f"get_bucket_{name}_configuration"), getattr(s3, f"put_bucket_{name}_configuration")
    delete, every = (
        getattr(s3, f"delete_bucket_{name}_configuration"),
        getattr(s3, f"list_bucket_{name}_configurations"),
    )

    assert refused(read, **where)[::2] == ("NoSuchConfiguration", 404)
    write(**where, **{member: document})
    assert read(**where)[member] == document
    assert every(Bucket="artifacts")[f"{member}List"] == [document]
    delete(**where)
    assert f"{member}List" not in every(Bucket="artifacts")
    assert refused(delete, **where)[0] == "NoSuchConfiguration"
    s3.head_bucket(Bucket="artifacts")


@pytest.mark.parametrize("name", sorted(IDENTIFIED))
def test_configurations_of_no_bucket(s3: Any, name: str) -> None:
    member, document = IDENTIFIED[name]
    where: dict[str, str] = {"Bucket": "missing", "Id": str(document["Id"])}
    write = getattr(s3, f"put_bucket_{name}_configuration")
    assert refused(write, **where, **{member: document})[::2] == ("NoSuchBucket", 404)
    assert refused(getattr(s3, f"delete_bucket_{name}_configuration"), **where)[0] == "NoSuchBucket"
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["artifacts"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
def test_no_sub_resource_is_taken_for_the_bucket(aws: ControlRegion, s3: Any, method: str) -> None:
    del s3
    unknown = sorted(sub_resource_names() - MOTO_KNOWS[method] - {"delete"})
    assert "metadataTable" in unknown
    for query in unknown:
        address = f"{aws.endpoint}/artifacts?{query}"
        request = urllib.request.Request(address, method=method, data=b"" if method != "GET" else None)
        request.add_header("Authorization", f"AWS4-HMAC-SHA256 Credential={BOOT_ACCESS_KEY}/20260101/us-east-1/s3/x, x")
        try:
            with urllib.request.urlopen(request) as answer:
                assert b"<Contents>" not in answer.read()
        except HTTPError as problem:
            assert problem.code in (400, 404, 501), query
    assert [bucket["Name"] for bucket in aws.client("s3").list_buckets()["Buckets"]] == ["artifacts"]


MOMENT = datetime(2030, 1, 1, tzinfo=timezone.utc)
RULES: list[dict[str, Any]] = [
    {"Filter": {}, "NoncurrentVersionExpiration": {"NoncurrentDays": 30, "NewerNoncurrentVersions": 5}},
    {"Filter": {"Prefix": ""}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}},
    {"Prefix": "old/", "Expiration": {"Days": 5}},
    {"Filter": {"ObjectSizeGreaterThan": 131072}, "Transitions": [{"Days": 0, "StorageClass": "INTELLIGENT_TIERING"}]},
    {"Filter": {"ObjectSizeLessThan": 5}, "Expiration": {"ExpiredObjectDeleteMarker": True}},
    {"Filter": {"Tag": {"Key": "a", "Value": "b"}}, "Expiration": {"Date": MOMENT}},
    {
        "Filter": {
            "And": {
                "Prefix": "runs/",
                "ObjectSizeGreaterThan": 1,
                "ObjectSizeLessThan": 9,
                "Tags": [{"Key": "a", "Value": "b"}, {"Key": "c", "Value": "d"}],
            }
        },
        "NoncurrentVersionTransitions": [
            {"NoncurrentDays": 3, "NewerNoncurrentVersions": 2, "StorageClass": "GLACIER"},
            {"NoncurrentDays": 30, "StorageClass": "DEEP_ARCHIVE"},
        ],
    },
]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("status", ["Enabled", "Disabled"])
def test_lifecycle_rules_come_back_whole(s3: Any, rule: dict[str, Any], status: str) -> None:
    written = {"ID": "rule", "Status": status, **rule}
    put = s3.put_bucket_lifecycle_configuration(Bucket="artifacts", LifecycleConfiguration={"Rules": [written]})
    assert put["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    answer = s3.get_bucket_lifecycle_configuration(Bucket="artifacts")
    assert plain(answer) == {"Rules": [written], "TransitionDefaultMinimumObjectSize": "all_storage_classes_128K"}


def test_lifecycle_rules_get_ids_and_keep_their_order(s3: Any) -> None:
    rules = [{"Status": "Enabled", **rule} for rule in RULES]
    s3.put_bucket_lifecycle_configuration(
        Bucket="artifacts",
        LifecycleConfiguration={"Rules": rules},
        TransitionDefaultMinimumObjectSize="varies_by_storage_class",
    )
    answer = s3.get_bucket_lifecycle_configuration(Bucket="artifacts")
    assert answer["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"
    identifiers = [rule.pop("ID") for rule in answer["Rules"]]
    assert len(set(identifiers)) == len(rules)
    assert answer["Rules"] == rules

    s3.delete_bucket_lifecycle(Bucket="artifacts")
    assert refused(s3.get_bucket_lifecycle_configuration, Bucket="artifacts")[::2] == (
        "NoSuchLifecycleConfiguration",
        404,
    )


ABORT = {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ([], "MalformedXML"),
        ([{"Status": "Enabled", **ABORT}], "MalformedXML"),
        ([{"Status": "enabled", "Filter": {}, **ABORT}], "MalformedXML"),
        ([{"Status": "Enabled", "Filter": {"Prefix": "a", "ObjectSizeLessThan": 5}, **ABORT}], "MalformedXML"),
        ([{"Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1, "Date": MOMENT}}], "MalformedXML"),
        ([{"Status": "Enabled", "Filter": {}}], "InvalidRequest"),
        ([{"Status": "Enabled", "Filter": {"Tag": {"Key": "a", "Value": "b"}}, **ABORT}], "InvalidRequest"),
        ([{"Status": "Enabled", "Filter": {}, "Expiration": {"Days": 0}}], "InvalidArgument"),
        ([{"ID": "x" * 256, "Status": "Enabled", "Filter": {}, **ABORT}], "InvalidArgument"),
        ([{"ID": "x", "Status": "Enabled", "Filter": {}, **ABORT}] * 2, "InvalidArgument"),
    ],
)
def test_lifecycle_rules_that_s3_refuses(s3: Any, rules: list[dict[str, Any]], code: str) -> None:
    wanted = {"Bucket": "artifacts", "LifecycleConfiguration": {"Rules": rules}}
    assert refused(s3.put_bucket_lifecycle_configuration, **wanted)[::2] == (code, 400)
    assert refused(s3.get_bucket_lifecycle_configuration, Bucket="artifacts")[0] == "NoSuchLifecycleConfiguration"


def test_a_new_bucket_is_what_aws_makes_it(s3: Any) -> None:
    encryption = s3.get_bucket_encryption(Bucket="artifacts")["ServerSideEncryptionConfiguration"]
    assert encryption == {
        "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]
    }
    assert set(s3.get_public_access_block(Bucket="artifacts")["PublicAccessBlockConfiguration"].values()) == {True}
    ownership = s3.get_bucket_ownership_controls(Bucket="artifacts")["OwnershipControls"]
    assert ownership == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    for read, expected in (
        ("logging", {}),
        ("versioning", {}),
        ("notification_configuration", {}),
        ("accelerate_configuration", {}),
        ("request_payment", {"Payer": "BucketOwner"}),
        ("abac", {"AbacStatus": {"Status": "Disabled"}}),
    ):
        assert plain(getattr(s3, f"get_bucket_{read}")(Bucket="artifacts")) == expected
    for read, code in (
        ("lifecycle_configuration", "NoSuchLifecycleConfiguration"),
        ("replication", "ReplicationConfigurationNotFoundError"),
        ("tagging", "NoSuchTagSet"),
        ("policy", "NoSuchBucketPolicy"),
        ("cors", "NoSuchCORSConfiguration"),
        ("website", "NoSuchWebsiteConfiguration"),
    ):
        assert refused(getattr(s3, f"get_bucket_{read}"), Bucket="artifacts")[::2] == (code, 404)


def test_buckets_as_they_were_before_2023(aws: ControlRegion) -> None:
    aws.settings.s3_new_bucket_defaults = False
    aws.bucket()
    s3 = aws.client("s3")
    assert refused(s3.get_public_access_block, Bucket="artifacts")[0] == "NoSuchPublicAccessBlockConfiguration"
    assert refused(s3.get_bucket_ownership_controls, Bucket="artifacts")[0] == "OwnershipControlsNotFoundError"
    s3.get_bucket_encryption(Bucket="artifacts")
    s3.create_bucket(Bucket="open", ACL="public-read")


def test_a_tag_without_a_value_has_an_empty_one(aws: ControlRegion) -> None:
    aws.bucket()
    s3 = aws.client("s3")
    s3.put_bucket_tagging(Bucket="artifacts", Tagging={"TagSet": [{"Key": "team", "Value": ""}]})
    assert s3.get_bucket_tagging(Bucket="artifacts")["TagSet"] == [{"Key": "team", "Value": ""}]


def test_a_bucket_does_not_inherit_the_tags_of_one_that_had_its_name(aws: ControlRegion) -> None:
    aws.bucket()
    s3 = aws.client("s3")
    s3.put_bucket_tagging(Bucket="artifacts", Tagging={"TagSet": [{"Key": "team", "Value": "vision"}]})
    s3.delete_bucket(Bucket="artifacts")
    aws.bucket()
    assert refused(s3.get_bucket_tagging, Bucket="artifacts")[0] == "NoSuchTagSet"


def test_creation_with_tags_and_ownership(aws: ControlRegion) -> None:
    s3 = aws.client("s3", "eu-west-1")
    configuration = {"LocationConstraint": "eu-west-1", "Tags": [{"Key": "team", "Value": "vision"}]}
    s3.create_bucket(
        Bucket="tagged", CreateBucketConfiguration=configuration, ObjectOwnership="ObjectWriter", ACL="public-read"
    )
    assert s3.get_bucket_tagging(Bucket="tagged")["TagSet"] == configuration["Tags"]
    ownership = s3.get_bucket_ownership_controls(Bucket="tagged")["OwnershipControls"]
    assert ownership == {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    again = {"Bucket": "tagged", "CreateBucketConfiguration": configuration}
    assert refused(s3.create_bucket, **again)[::2] == ("BucketAlreadyOwnedByYou", 409)
    assert refused(s3.create_bucket, **{**again, "Bucket": "open", "ACL": "public-read"})[0] == (
        "InvalidBucketAclWithObjectOwnership"
    )


def test_creating_it_again_in_us_east_1_keeps_everything(s3: Any) -> None:
    s3.delete_public_access_block(Bucket="artifacts")
    s3.create_bucket(Bucket="artifacts")
    assert refused(s3.get_public_access_block, Bucket="artifacts")[0] == "NoSuchPublicAccessBlockConfiguration"


KMS = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/mlflow"}


@pytest.mark.parametrize(
    "rule",
    [
        {"ApplyServerSideEncryptionByDefault": KMS, "BucketKeyEnabled": True},
        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False},
        {
            "ApplyServerSideEncryptionByDefault": KMS,
            "BucketKeyEnabled": False,
            "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
        },
    ],
)
def test_encryption(s3: Any, rule: dict[str, Any]) -> None:
    before = s3.get_bucket_encryption(Bucket="artifacts")["ServerSideEncryptionConfiguration"]
    wanted = {"Rules": [rule]}
    s3.put_bucket_encryption(Bucket="artifacts", ServerSideEncryptionConfiguration=copy.deepcopy(wanted))
    assert s3.get_bucket_encryption(Bucket="artifacts")["ServerSideEncryptionConfiguration"] == wanted
    put = s3.put_object(Bucket="artifacts", Key="k", Body=b"x")
    assert put["ServerSideEncryption"] == rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"]

    s3.delete_bucket_encryption(Bucket="artifacts")
    assert s3.get_bucket_encryption(Bucket="artifacts")["ServerSideEncryptionConfiguration"] == before
    assert s3.put_object(Bucket="artifacts", Key="k", Body=b"x")["ServerSideEncryption"] == "AES256"


def test_what_a_rule_of_encryption_does_not_say(s3: Any) -> None:
    given = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    s3.put_bucket_encryption(Bucket="artifacts", ServerSideEncryptionConfiguration={"Rules": [given]})
    shown = s3.get_bucket_encryption(Bucket="artifacts")["ServerSideEncryptionConfiguration"]
    assert shown == {"Rules": [{**given, "BucketKeyEnabled": False}]}


def test_encryption_that_s3_refuses(s3: Any) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256", "KMSMasterKeyID": "alias/mlflow"}}
    wanted = {"Bucket": "artifacts", "ServerSideEncryptionConfiguration": {"Rules": [rule]}}
    assert refused(s3.put_bucket_encryption, **wanted)[0] == "InvalidArgument"


def test_logging(aws: ControlRegion, s3: Any) -> None:
    aws.bucket("logs")
    aws.bucket("far", "eu-west-1")
    enabled = {
        "TargetBucket": "logs",
        "TargetPrefix": "s3/",
        "TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}},
    }
    s3.put_bucket_logging(Bucket="artifacts", BucketLoggingStatus={"LoggingEnabled": enabled})
    assert plain(s3.get_bucket_logging(Bucket="artifacts")) == {"LoggingEnabled": enabled}
    s3.put_bucket_logging(Bucket="artifacts", BucketLoggingStatus={})
    assert plain(s3.get_bucket_logging(Bucket="artifacts")) == {}

    for target, code in (("missing", "InvalidTargetBucketForLogging"), ("far", "CrossLocationLoggingProhibitted")):
        wanted = {"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": ""}}
        assert refused(s3.put_bucket_logging, Bucket="artifacts", BucketLoggingStatus=wanted)[0] == code


def test_request_payment(s3: Any) -> None:
    s3.put_bucket_request_payment(Bucket="artifacts", RequestPaymentConfiguration={"Payer": "Requester"})
    assert s3.get_bucket_request_payment(Bucket="artifacts")["Payer"] == "Requester"


def test_acceleration_and_abac(s3: Any) -> None:
    s3.put_bucket_accelerate_configuration(Bucket="artifacts", AccelerateConfiguration={"Status": "Enabled"})
    assert s3.get_bucket_accelerate_configuration(Bucket="artifacts")["Status"] == "Enabled"
    s3.put_bucket_abac(Bucket="artifacts", AbacStatus={"Status": "Enabled"})
    assert s3.get_bucket_abac(Bucket="artifacts")["AbacStatus"] == {"Status": "Enabled"}


def test_notifications(s3: Any) -> None:
    write, read = s3.put_bucket_notification_configuration, s3.get_bucket_notification_configuration
    write(Bucket="artifacts", NotificationConfiguration={"EventBridgeConfiguration": {}})
    assert plain(read(Bucket="artifacts")) == {"EventBridgeConfiguration": {}}

    topic = {"TopicArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:t", "Events": ["s3:ObjectCreated:*"]}
    write(Bucket="artifacts", NotificationConfiguration={"TopicConfigurations": [topic]})
    (shown,) = read(Bucket="artifacts")["TopicConfigurations"]
    assert shown.pop("Id")
    assert shown == topic
    write(Bucket="artifacts", NotificationConfiguration={})
    assert plain(read(Bucket="artifacts")) == {}


def test_replication_needs_versioning_and_comes_back_whole(aws: ControlRegion, s3: Any) -> None:
    rule = {
        "ID": "all",
        "Priority": 3,
        "Status": "Enabled",
        "Filter": {"Prefix": "runs/"},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "Destination": {"Bucket": "arn:aws:s3:::copy", "StorageClass": "STANDARD_IA"},
    }
    wanted = {"Role": aws.role(), "Rules": [rule]}
    assert (
        refused(s3.put_bucket_replication, Bucket="artifacts", ReplicationConfiguration=wanted)[0] == "InvalidRequest"
    )
    s3.put_bucket_versioning(Bucket="artifacts", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_replication(Bucket="artifacts", ReplicationConfiguration=wanted)
    assert s3.get_bucket_replication(Bucket="artifacts")["ReplicationConfiguration"] == wanted
    s3.delete_bucket_replication(Bucket="artifacts")
    assert refused(s3.get_bucket_replication, Bucket="artifacts")[0] == "ReplicationConfigurationNotFoundError"


@pytest.mark.parametrize("period", [{"Days": 5}, {"Years": 2}])
def test_object_lock_has_days_or_years(aws: ControlRegion, period: dict[str, int]) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    lock = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", **period}}}
    s3.put_object_lock_configuration(Bucket="locked", ObjectLockConfiguration=lock)
    assert s3.get_object_lock_configuration(Bucket="locked")["ObjectLockConfiguration"] == lock


def test_documents_go_with_their_bucket(aws: ControlRegion, s3: Any) -> None:
    s3.put_bucket_metrics_configuration(Bucket="artifacts", Id="all", MetricsConfiguration={"Id": "all"})
    s3.delete_bucket(Bucket="artifacts")
    aws.bucket()
    assert "MetricsConfigurationList" not in s3.list_bucket_metrics_configurations(Bucket="artifacts")


def statement(**more: Any) -> dict[str, Any]:
    tls = {
        "Sid": "DenyInsecureTransport",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::artifacts", "arn:aws:s3:::artifacts/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {**tls, **more}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def test_policies_come_back_with_lists_of_one_collapsed(s3: Any) -> None:
    given = statement(
        Principal={"AWS": [OTHER_ACCOUNT]}, Action=["s3:GetObject"], Resource=["arn:aws:s3:::artifacts/*"]
    )
    status = s3.put_bucket_policy(Bucket="artifacts", Policy=policy(given))["ResponseMetadata"]["HTTPStatusCode"]
    assert status == 204
    text = s3.get_bucket_policy(Bucket="artifacts")["Policy"]
    collapsed = {"Principal": {"AWS": OTHER_ACCOUNT}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::artifacts/*"}
    assert json.loads(text)["Statement"] == [{**given, **collapsed}]
    assert text == json.dumps(json.loads(text), separators=(",", ":"))


def test_a_conditional_denial_does_not_deny_everything(s3: Any) -> None:
    s3.put_bucket_policy(Bucket="artifacts", Policy=policy(statement()))
    s3.put_object(Bucket="artifacts", Key="k", Body=b"x")
    assert s3.get_object(Bucket="artifacts", Key="k")["Body"].read() == b"x"
    assert "Errors" not in s3.delete_objects(Bucket="artifacts", Delete={"Objects": [{"Key": "k"}]})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "must be valid JSON"),
        ("[]", "must be valid JSON"),
        ('{"Version": "2012-10-17"}', "Missing required field Statement"),
        ('{"Version": "2020-01-01", "Statement": []}', "valid version"),
        (policy(statement(Effect="Maybe")), "Invalid effect"),
        (policy({key: value for key, value in statement().items() if key != "Principal"}), "field Principal"),
        (policy(statement(Action="ec2:RunInstances")), "invalid action"),
        (policy(statement(Resource="arn:aws:s3:::other/*")), "invalid resource"),
        (policy(statement(Resource="arn:aws:s3:::artifacts-2/*")), "invalid resource"),
        (policy(statement(Principal="everybody")), "Invalid principal"),
        (policy(statement(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/missing"})), "Invalid principal"),
        (policy(statement(Principal={"AWS": "AROAEXAMPLE"})), "Invalid principal"),
        (policy(statement(), statement()), "must be unique"),
    ],
)
def test_policies_that_s3_refuses(aws: ControlRegion, s3: Any, text: str, message: str) -> None:
    aws.role()
    code, said, status = refused(s3.put_bucket_policy, Bucket="artifacts", Policy=text)
    assert (code, status) == ("MalformedPolicy", 400)
    assert message in said
    assert refused(s3.get_bucket_policy, Bucket="artifacts")[0] == "NoSuchBucketPolicy"


@pytest.mark.parametrize(
    "more",
    [
        {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/mlflow"}},
        {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}},
        {"Principal": {"AWS": f"arn:aws:iam::{OTHER_ACCOUNT}:role/any"}},
        {"Principal": {"Service": "logging.s3.amazonaws.com"}},
        {"Resource": "arn:aws:s3:::art*"},
        {"Resource": "*"},
        {"Action": ["s3:Get*", "s3:PutObject"]},
    ],
)
def test_policies_that_s3_accepts(aws: ControlRegion, s3: Any, more: dict[str, Any]) -> None:
    aws.role()
    s3.put_bucket_policy(Bucket="artifacts", Policy=policy(statement(**more)))
    assert json.loads(s3.get_bucket_policy(Bucket="artifacts")["Policy"])["Statement"] == [statement(**more)]


def test_public_policies_are_blocked(s3: Any) -> None:
    public = policy({key: value for key, value in statement(Effect="Allow").items() if key != "Condition"})
    code, message, status = refused(s3.put_bucket_policy, Bucket="artifacts", Policy=public)
    assert (code, status, "BlockPublicPolicy" in message) == ("AccessDenied", 403, True)
    s3.delete_public_access_block(Bucket="artifacts")
    s3.put_bucket_policy(Bucket="artifacts", Policy=public)


def test_a_public_access_block_is_false_where_it_says_nothing(s3: Any) -> None:
    s3.put_public_access_block(Bucket="artifacts", PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    assert s3.get_public_access_block(Bucket="artifacts")["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": False,
        "BlockPublicPolicy": False,
        "RestrictPublicBuckets": False,
    }


def test_acls_of_a_bucket_without_acls(s3: Any) -> None:
    assert refused(s3.put_bucket_acl, Bucket="artifacts", ACL="public-read")[::2] == (
        "AccessControlListNotSupported",
        400,
    )
    put = {"Bucket": "artifacts", "Key": "k", "Body": b"x"}
    assert refused(s3.put_object, **put, ACL="public-read")[0] == "AccessControlListNotSupported"
    s3.put_object(**put, ACL="bucket-owner-full-control")


FOREIGN: list[tuple[str, dict[str, Any]]] = [
    ("head_bucket", {}),
    ("get_bucket_location", {}),
    ("get_bucket_tagging", {}),
    ("list_objects_v2", {}),
    ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Enabled"}}),
    ("delete_bucket", {}),
    ("put_object", {"Key": "k", "Body": b"x"}),
    ("get_object", {"Key": "k"}),
]


@pytest.mark.parametrize(("operation", "more"), FOREIGN)
def test_buckets_of_somebody_else(aws: ControlRegion, operation: str, more: dict[str, Any]) -> None:
    aws.settings.foreign_buckets = {"theirs"}
    assert refused(getattr(aws.client("s3"), operation), Bucket="theirs", **more)[2] == 403


def test_names_of_somebody_else(aws: ControlRegion) -> None:
    aws.settings.foreign_buckets = {"theirs"}
    assert refused(aws.client("s3").create_bucket, Bucket="theirs")[::2] == ("BucketAlreadyExists", 409)


@pytest.mark.parametrize(
    ("operation", "more"),
    [*FOREIGN[:1], *FOREIGN[2:5], ("put_object", {"Key": "k", "Body": b"x"}), ("head_object", {"Key": "k"})],
)
def test_the_expected_owner(s3: Any, operation: str, more: dict[str, Any]) -> None:
    s3.put_object(Bucket="artifacts", Key="k", Body=b"x")
    s3.put_bucket_tagging(Bucket="artifacts", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    call: Callable[..., Any] = getattr(s3, operation)
    call(Bucket="artifacts", ExpectedBucketOwner=ACCOUNT, **more)
    assert refused(call, Bucket="artifacts", ExpectedBucketOwner=OTHER_ACCOUNT, **more)[2] == 403


@pytest.mark.parametrize(("home", "asked"), [("eu-west-1", "us-east-1"), ("us-east-1", "eu-west-1")])
def test_buckets_of_another_region(aws: ControlRegion, home: str, asked: str) -> None:
    name = f"in-{home}"
    aws.bucket(name, home)
    scope = f"{BOOT_ACCESS_KEY}/20260101/{asked}/s3/aws4_request"
    signed = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=x"}
    request = urllib.request.Request(f"{aws.endpoint}/{name}", method="HEAD", headers=signed)
    with pytest.raises(HTTPError) as caught:
        urllib.request.build_opener(Unredirected).open(request)
    assert (caught.value.code, caught.value.headers["x-amz-bucket-region"]) == (301, home)
    with urllib.request.urlopen(urllib.request.Request(f"{aws.endpoint}/{name}?location", headers=signed)) as answer:
        assert answer.status == 200

    # The SDK follows, as on AWS.
    assert aws.client("s3", asked).head_bucket(Bucket=name)["BucketRegion"] == home
    aws.client("s3", asked).put_object(Bucket=name, Key="k", Body=b"x")
    location = aws.client("s3", asked).get_bucket_location(Bucket=name)["LocationConstraint"]
    assert location == (None if home == "us-east-1" else home)


class Unredirected(urllib.request.HTTPRedirectHandler):
    """Shows redirects instead of following them."""

    def redirect_request(self, *_unused: Any) -> None:
        return None


def test_presigned_urls_know_their_region(aws: ControlRegion) -> None:
    aws.bucket("far", "eu-west-1")
    s3 = aws.client("s3", "eu-west-1")
    s3.put_object(Bucket="far", Key="a b+c", Body=b"x")
    config = Config(signature_version="s3v4")
    signer = boto3.client(
        "s3",
        endpoint_url=aws.endpoint,
        region_name="eu-west-1",
        aws_access_key_id=BOOT_ACCESS_KEY,
        aws_secret_access_key=BOOT_SECRET_KEY,
        config=config,
    )
    with urllib.request.urlopen(
        signer.generate_presigned_url("get_object", {"Bucket": "far", "Key": "a b+c"})
    ) as answer:
        assert answer.read() == b"x"


def test_changes_that_follow_too_fast(aws: ControlRegion, s3: Any) -> None:
    aws.settings.s3_conflict_seconds = 2.0
    change = {"Bucket": "artifacts", "VersioningConfiguration": {"Status": "Enabled"}}
    s3.put_bucket_versioning(**change)
    assert refused(s3.delete_bucket_policy, Bucket="artifacts")[::2] == ("OperationAborted", 409)
    s3.get_bucket_versioning(Bucket="artifacts")
    aws.clock.advance(3)
    s3.delete_bucket(Bucket="artifacts")
    assert refused(s3.create_bucket, Bucket="artifacts")[0] == "OperationAborted"
    aws.clock.advance(3)
    s3.create_bucket(Bucket="artifacts")
