# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""s3_mlflow_bucket against the local AWS: create, adopt, change, what others set."""

from __future__ import annotations

import json
import typing as t

import pytest

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from module_run import Modules

MODULE = "s3_mlflow_bucket"
NAME = "mlflow-staging-mlflow-artifacts-a"
ARN = f"arn:aws:s3:::{NAME}"
ACCOUNT = "123456789012"
ALL_BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
SECURE_READS = [
    "s3:GetBucketLifecycleConfiguration",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy",
    "s3:GetBucketVersioning",
    "s3:GetPublicAccessBlock",
]
FOREIGN_STATEMENT = {
    "Sid": "Theirs",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    "Action": "s3:GetObject",
    "Resource": f"{ARN}/*",
}
STATEMENT = {**FOREIGN_STATEMENT, "Sid": "Mine"}
FOREIGN_RULE = {"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": "old/"}, "Expiration": {"Days": 9}}


def made(region: LocalRegion, name: str = NAME, **settings: t.Any) -> t.Any:
    """A bucket that exists already; its client."""
    client = region.client("s3")
    client.create_bucket(Bucket=name, **settings)
    return client


def sids(client: t.Any) -> list[str]:
    document = json.loads(client.get_bucket_policy(Bucket=NAME)["Policy"])
    return [statement["Sid"] for statement in document["Statement"]]


def rule_ids(client: t.Any) -> list[str]:
    return sorted(rule["ID"] for rule in client.get_bucket_lifecycle_configuration(Bucket=NAME)["Rules"])


def tags_of(client: t.Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in client.get_bucket_tagging(Bucket=NAME)["TagSet"]}


def encryption_of(client: t.Any) -> dict[str, t.Any]:
    configuration = client.get_bucket_encryption(Bucket=NAME)["ServerSideEncryptionConfiguration"]
    return dict(configuration["Rules"][0])


def test_create_with_secure_defaults(modules: Modules, region: LocalRegion) -> None:
    run = modules.converge(MODULE, name=NAME, tags={"Project": "mlflow", "Protected": True})
    assert run.names == ["bucket", "public_access_block", "versioning", "lifecycle_rules", "policy"]
    assert run.result["action"] == "create"
    assert run.result["diff"]["before"] == {}
    client = region.client("s3")
    assert client.get_bucket_versioning(Bucket=NAME)["Status"] == "Enabled"
    assert client.get_public_access_block(Bucket=NAME)["PublicAccessBlockConfiguration"] == ALL_BLOCKED
    ownership = client.get_bucket_ownership_controls(Bucket=NAME)["OwnershipControls"]["Rules"]
    assert ownership == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert sids(client) == ["DenyInsecureTransport"]
    assert rule_ids(client) == ["AbortIncompleteMultipartUploads"]
    assert tags_of(client) == {"Project": "mlflow", "Protected": "true"}
    assert encryption_of(client)["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


def test_what_check_mode_returns_for_an_absent_bucket(modules: Modules, region: LocalRegion) -> None:
    options: dict[str, t.Any] = {
        "name": NAME,
        "encryption": "AES256",
        "logging": {"enabled": False},
        "tags": {"a": "b"},
    }
    predicted = modules.run(MODULE, check=True, **options).result
    real = modules.run(MODULE, **options).result
    assert predicted == real
    assert predicted["arn"] == ARN
    assert predicted["account_id"] == ACCOUNT
    assert predicted["exists"] is True
    assert predicted["cors_rules"] is None
    assert predicted["logging"] == {}
    assert [bucket["Name"] for bucket in region.client("s3").list_buckets()["Buckets"]] == [NAME]


def test_create_in_another_region_than_the_first(modules: Modules, region: LocalRegion) -> None:
    run = modules.converge(MODULE, name=NAME, region="eu-central-1", tags={"a": "b"})
    assert run.result["region"] == "eu-central-1"
    client = region.client("s3", region_name="eu-central-1")
    assert client.get_bucket_location(Bucket=NAME)["LocationConstraint"] == "eu-central-1"
    assert tags_of(client) == {"a": "b"}


def test_a_second_run_reads_only_what_was_asked_about(modules: Modules) -> None:
    modules.run(MODULE, name=NAME)
    again = modules.run(MODULE, name=NAME, expected_bucket_owner=ACCOUNT)
    assert sorted(again.calls) == SECURE_READS
    assert not again.changed


@pytest.mark.parametrize(
    ("options", "reads"),
    [
        ({}, ["s3:HeadBucket"]),
        ({"tags": {}}, ["s3:GetBucketTagging"]),
        ({"encryption": "AES256"}, ["s3:GetBucketEncryption"]),
        ({"cors_rules": []}, ["s3:GetBucketCors"]),
        ({"logging": {"enabled": False}}, ["s3:GetBucketLogging"]),
    ],
)
def test_an_omitted_option_is_not_read(
    modules: Modules, region: LocalRegion, options: dict[str, t.Any], reads: list[str]
) -> None:
    made(region)
    run = modules.run(MODULE, name=NAME, secure_defaults=False, expected_bucket_owner=ACCOUNT, **options)
    assert run.calls == reads
    assert not run.changed
    assert run.result["versioning"] is None


def test_without_any_wish_a_bucket_is_still_created(modules: Modules, region: LocalRegion) -> None:
    run = modules.converge(MODULE, name=NAME, secure_defaults=False)
    assert run.names == ["bucket"]
    region.client("s3").head_bucket(Bucket=NAME)


RULE = {"id": "archive", "filter": {"prefix": "archive/"}, "expiration": {"days": 400}}
CORS = {"id": "studio", "allowed_methods": ["GET", "PUT"], "allowed_origins": ["https://d-1.studio.aws"]}
FULL_RULE = {
    "id": "everything",
    "status": "Disabled",
    "filter": {"prefix": "a/", "tags": {"k": "v"}, "object_size_greater_than": 131072},
    "expiration": {"date": "2040-02-29"},
    "transitions": [{"days": 30, "storage_class": "STANDARD_IA"}, {"days": 90, "storage_class": "GLACIER"}],
    "noncurrent_version_expiration": {"noncurrent_days": 60, "newer_noncurrent_versions": 3},
    "noncurrent_version_transitions": [{"noncurrent_days": 30, "storage_class": "GLACIER_IR"}],
}


@pytest.mark.parametrize(
    ("setting", "first", "then"),
    [
        ("versioning", {"versioning": "Enabled"}, {"versioning": "Suspended"}),
        ("versioning", {}, {"versioning": "Enabled"}),
        ("encryption", {}, {"encryption": "aws:kms"}),
        ("encryption", {"encryption": "aws:kms"}, {"encryption": "aws:kms", "bucket_key_enabled": True}),
        ("encryption", {"encryption": "aws:kms"}, {"encryption": "AES256"}),
        ("public_access_block", {}, {"public_access_block": {"block_public_policy": False}}),
        ("object_ownership", {}, {"object_ownership": "BucketOwnerPreferred"}),
        ("policy", {}, {"require_tls": True}),
        ("policy", {"require_tls": True}, {"require_tls": False}),
        ("policy", {"require_tls": True}, {"restrict_to_owner_account": True}),
        (
            "policy",
            {"restrict_to_owner_account": True},
            {"restrict_to_owner_account": True, "trusted_account_ids": ["210987654321"]},
        ),
        ("policy", {}, {"policy_statements": [STATEMENT]}),
        (
            "policy",
            {"policy_statements": [STATEMENT]},
            {"policy_statements": [{**STATEMENT, "Action": "s3:PutObject"}]},
        ),
        (
            "policy",
            {"require_tls": True, "policy_statements": [STATEMENT]},
            {"policy_statements": [STATEMENT], "purge_policy_statements": True},
        ),
        ("lifecycle_rules", {}, {"abort_incomplete_multipart_upload_days": 3}),
        (
            "lifecycle_rules",
            {"abort_incomplete_multipart_upload_days": 3},
            {"abort_incomplete_multipart_upload_days": 4},
        ),
        (
            "lifecycle_rules",
            {"abort_incomplete_multipart_upload_days": 3},
            {"abort_incomplete_multipart_upload_days": 0},
        ),
        ("lifecycle_rules", {}, {"noncurrent_version_expiration_days": 90}),
        ("lifecycle_rules", {"lifecycle_rules": [RULE]}, {"lifecycle_rules": [FULL_RULE]}),
        ("lifecycle_rules", {"lifecycle_rules": [RULE]}, {"lifecycle_rules": [{**RULE, "status": "Disabled"}]}),
        (
            "lifecycle_rules",
            {"lifecycle_rules": [RULE, FULL_RULE]},
            {"lifecycle_rules": [FULL_RULE], "purge_lifecycle_rules": True},
        ),
        ("cors_rules", {}, {"cors_rules": [CORS]}),
        ("cors_rules", {"cors_rules": [CORS]}, {"cors_rules": [{**CORS, "max_age_seconds": 600}]}),
        ("cors_rules", {"cors_rules": [CORS]}, {"cors_rules": [], "purge_cors_rules": True}),
        ("tags", {}, {"tags": {"a": "b"}}),
        ("tags", {"tags": {"a": "b"}}, {"tags": {"a": "c"}}),
        ("tags", {"tags": {"a": "b"}}, {"tags": {}, "purge_tags": True}),
    ],
)
def test_each_setting_changed_alone(
    modules: Modules, setting: str, first: dict[str, t.Any], then: dict[str, t.Any]
) -> None:
    options: dict[str, t.Any] = {"name": NAME, "secure_defaults": False, "expected_bucket_owner": ACCOUNT}
    modules.run(MODULE, **options, **first)
    run = modules.converge(MODULE, **options, **then)
    assert run.names == [setting]
    assert len(run.writes) == 1
    assert run.result["action"] == "update"
    assert run.result["diff"]["before"].keys() == run.result["diff"]["after"].keys()


def test_logging(modules: Modules, region: LocalRegion) -> None:
    client = made(region, "access-logs")
    allowed = {
        "Sid": "Logs",
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::access-logs/*",
    }
    client.put_bucket_policy(Bucket="access-logs", Policy=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}))
    options = {"name": NAME, "secure_defaults": False}
    modules.converge(MODULE, **options, logging={"target_bucket": "access-logs"})
    enabled = client.get_bucket_logging(Bucket=NAME)["LoggingEnabled"]
    assert (enabled["TargetBucket"], enabled["TargetPrefix"]) == ("access-logs", f"{NAME}/")
    run = modules.converge(
        MODULE, **options, logging={"target_bucket": "access-logs", "partition_date_source": "EventTime"}
    )
    assert run.names == ["logging"]
    run = modules.converge(MODULE, **options, logging={"enabled": False})
    assert run.result["changes"][0]["action"] == "delete"
    assert "LoggingEnabled" not in client.get_bucket_logging(Bucket=NAME)


@pytest.mark.parametrize("form", ["id", "arn", "alias", "alias_arn"])
def test_a_kms_key_in_every_form_is_the_same_key(modules: Modules, region: LocalRegion, form: str) -> None:
    kms = region.client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/mlflow", TargetKeyId=key["KeyId"])
    given = {
        "id": key["KeyId"],
        "arn": key["Arn"],
        "alias": "alias/mlflow",
        "alias_arn": f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/mlflow",
    }[form]
    run = modules.converge(MODULE, name=NAME, kms_key_id=given)
    assert run.result["encryption"] == {
        "sse_algorithm": "aws:kms",
        "kms_key_id": key["Arn"],
        "bucket_key_enabled": True,
    }
    assert encryption_of(region.client("s3"))["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == key["Arn"]
    again = modules.run(MODULE, name=NAME, kms_key_id=key["Arn"])
    assert not again.changed
    lookups = [call for call in run.calls if call == "kms:DescribeKey"]
    assert len(lookups) == (1 if form.startswith("alias") else 0)


def terraform_bucket(region: LocalRegion, key: str | None) -> t.Any:
    """The seed's module: versioning, AES256 or KMS without a bucket key, public access block, tags."""
    client = made(region)
    client.put_bucket_versioning(Bucket=NAME, VersioningConfiguration={"Status": "Enabled"})
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key} if key else {"SSEAlgorithm": "AES256"}
    rule = {"ApplyServerSideEncryptionByDefault": by_default, "BucketKeyEnabled": False}
    client.put_bucket_encryption(Bucket=NAME, ServerSideEncryptionConfiguration={"Rules": [rule]})
    client.put_public_access_block(Bucket=NAME, PublicAccessBlockConfiguration=ALL_BLOCKED)
    tags = [{"Key": "ManagedBy", "Value": "terraform"}, {"Key": "Owner", "Value": "ml"}]
    client.put_bucket_tagging(Bucket=NAME, Tagging={"TagSet": tags})
    return client


def test_adopting_what_terraform_made_shows_only_the_hardening(modules: Modules, region: LocalRegion) -> None:
    client = terraform_bucket(region, key=None)
    run = modules.converge(MODULE, name=NAME, tags={"ManagedBy": "ansible"})
    assert run.names == ["lifecycle_rules", "policy", "tags"]
    assert run.result["action"] == "update"
    assert tags_of(client) == {"ManagedBy": "ansible", "Owner": "ml"}


@pytest.mark.parametrize("written_as", ["KeyId", "Arn"])
def test_adopting_a_bucket_with_a_key(modules: Modules, region: LocalRegion, written_as: str) -> None:
    key = region.client("kms").create_key()["KeyMetadata"]
    client = terraform_bucket(region, key[written_as])
    quiet = modules.run(MODULE, name=NAME, secure_defaults=False, kms_key_id=key["KeyId"])
    assert not quiet.changed
    run = modules.converge(MODULE, name=NAME, kms_key_id=key["Arn"])
    assert run.names == ["encryption", "lifecycle_rules", "policy"]
    assert encryption_of(client)["BucketKeyEnabled"] is True


def test_adopting_without_a_wish_for_encryption_never_weakens_it(modules: Modules, region: LocalRegion) -> None:
    key = region.client("kms").create_key()["KeyMetadata"]["Arn"]
    client = terraform_bucket(region, key)
    modules.converge(MODULE, name=NAME)
    assert encryption_of(client)["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == key


def foreign_bucket(region: LocalRegion) -> t.Any:
    client = made(region)
    document = {"Version": "2012-10-17", "Id": "TheirPolicy", "Statement": [FOREIGN_STATEMENT]}
    client.put_bucket_policy(Bucket=NAME, Policy=json.dumps(document))
    client.put_bucket_lifecycle_configuration(
        Bucket=NAME,
        LifecycleConfiguration={"Rules": [FOREIGN_RULE]},
        TransitionDefaultMinimumObjectSize="varies_by_storage_class",
    )
    rule = {"ID": "theirs", "AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}
    client.put_bucket_cors(Bucket=NAME, CORSConfiguration={"CORSRules": [rule]})
    client.put_bucket_tagging(Bucket=NAME, Tagging={"TagSet": [{"Key": "theirs", "Value": "1"}]})
    return client


MINE = {
    "policy_statements": [STATEMENT],
    "lifecycle_rules": [RULE],
    "cors_rules": [CORS],
    "tags": {"mine": "1"},
    "noncurrent_version_expiration_days": 90,
}


def test_settings_of_others_survive(modules: Modules, region: LocalRegion) -> None:
    client = foreign_bucket(region)
    modules.converge(MODULE, name=NAME, **MINE)
    assert sids(client) == ["Theirs", "DenyInsecureTransport", "Mine"]
    assert json.loads(client.get_bucket_policy(Bucket=NAME)["Policy"])["Statement"][0] == FOREIGN_STATEMENT
    lifecycle = client.get_bucket_lifecycle_configuration(Bucket=NAME)
    assert FOREIGN_RULE in lifecycle["Rules"]
    assert rule_ids(client) == ["AbortIncompleteMultipartUploads", "ExpireNoncurrentVersions", "archive", "theirs"]
    assert lifecycle["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"
    assert [rule["ID"] for rule in client.get_bucket_cors(Bucket=NAME)["CORSRules"]] == ["theirs", "studio"]
    assert tags_of(client) == {"mine": "1", "theirs": "1"}


def test_purging_removes_what_is_not_listed(modules: Modules, region: LocalRegion) -> None:
    client = foreign_bucket(region)
    purge = dict.fromkeys(("policy_statements", "lifecycle_rules", "cors_rules", "tags"), True)
    modules.converge(MODULE, name=NAME, **MINE, **{f"purge_{what}": flag for what, flag in purge.items()})
    assert sids(client) == ["DenyInsecureTransport", "Mine"]
    assert rule_ids(client) == ["AbortIncompleteMultipartUploads", "ExpireNoncurrentVersions", "archive"]
    assert [rule["ID"] for rule in client.get_bucket_cors(Bucket=NAME)["CORSRules"]] == ["studio"]
    assert tags_of(client) == {"mine": "1"}


def test_a_name_with_dots_works_with_a_warning(modules: Modules) -> None:
    run = modules.run(MODULE, name="artifacts.example.com")
    assert "contains dots" in json.dumps(run.result["warnings"])
    assert not modules.run(MODULE, name="artifacts.example.com").changed
