# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""s3_mlflow_bucket when things go wrong: owners, regions, conflicts, lost answers; and deleting."""

from __future__ import annotations

import json
import typing as t

import pytest
from module_run import ModuleFailedError

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _bucket_calls, _bucket_contents

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from module_run import Modules

MODULE = "s3_mlflow_bucket"
NAME = "mlflow-staging-mlflow-artifacts-a"
ACCOUNT = "123456789012"


def test_a_bucket_of_another_region(modules: Modules, region: LocalRegion) -> None:
    region.client("s3", region_name="eu-west-1").create_bucket(
        Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    for check in (True, False):
        message = modules.fail(MODULE, check=check, name=NAME)
        assert f"The bucket '{NAME}' is in eu-west-1, this run works in us-east-1" in message
        assert region.writes() == []
    message = modules.fail(MODULE, name=NAME, secure_defaults=False)
    assert "is in eu-west-1" in message, "HeadBucket tells it as well"
    message = modules.fail(MODULE, name=NAME, state="absent")
    assert "is in eu-west-1" in message


@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_bucket_of_another_account(modules: Modules, region: LocalRegion, state: str) -> None:
    region.configure(foreign_buckets=[NAME])
    message = modules.fail(MODULE, name=NAME, state=state)
    assert f"belongs to another account than {ACCOUNT}: choose another name" in message
    assert region.writes() == []


def test_a_bucket_of_another_owner_than_expected(modules: Modules, region: LocalRegion) -> None:
    region.client("s3").create_bucket(Bucket=NAME)
    message = modules.fail(MODULE, name=NAME, expected_bucket_owner="210987654321")
    assert "belongs to another account than 210987654321" in message


def test_a_bucket_is_not_created_in_another_account_than_expected(modules: Modules, region: LocalRegion) -> None:
    for check in (True, False):
        message = modules.fail(MODULE, check=check, name=NAME, expected_bucket_owner="210987654321")
        assert f"only create it in the account {ACCOUNT}, not in 210987654321" in message
    assert region.client("s3").list_buckets()["Buckets"] == []
    assert modules.converge(MODULE, name=NAME, expected_bucket_owner=ACCOUNT).names[0] == "bucket"


def test_a_name_that_another_account_took_meanwhile(modules: Modules, region: LocalRegion) -> None:
    region.inject({"operation": "CreateBucket", "code": "BucketAlreadyExists", "status": 409})
    assert f"The name '{NAME}' is taken" in modules.fail(MODULE, name=NAME)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"operation": "CreateBucket", "code": "InternalError", "after": True, "times": 1}, id="error"),
        pytest.param({"operation": "CreateBucket", "reset": True, "after": True, "times": 1}, id="connection"),
    ],
)
@pytest.mark.parametrize("where", ["us-east-1", "eu-west-1"])
def test_a_creation_whose_answer_was_lost(
    modules: Modules, region: LocalRegion, fault: dict[str, t.Any], where: str
) -> None:
    region.inject(fault)
    run = modules.run(MODULE, name=NAME, region=where, tags={"a": "b"})
    assert run.changed
    assert run.result["versioning"] == "Enabled"
    assert run.result["tags"] == {"a": "b"}
    assert not modules.run(MODULE, name=NAME, region=where, tags={"a": "b"}).changed


@pytest.mark.parametrize("operation", ["PutBucketVersioning", "GetBucketPolicy", "CreateBucket"])
def test_throttling_passes(modules: Modules, region: LocalRegion, operation: str) -> None:
    region.inject({"operation": operation, "code": "SlowDown", "times": 1})
    assert modules.run(MODULE, name=NAME).changed


@pytest.mark.parametrize("operation", ["CreateBucket", "PutBucketVersioning", "PutBucketPolicy"])
def test_conflicts_with_another_operation_pass(modules: Modules, region: LocalRegion, operation: str) -> None:
    region.inject({"operation": operation, "code": "OperationAborted", "status": 409, "times": 2})
    run = modules.run(MODULE, name=NAME)
    assert run.names == ["bucket", "public_access_block", "versioning", "lifecycle_rules", "policy"]


def test_a_new_bucket_that_s3_does_not_know_everywhere_yet(modules: Modules, region: LocalRegion) -> None:
    region.inject({"operation": "PutPublicAccessBlock", "code": "NoSuchBucket", "status": 404, "times": 2})
    assert modules.run(MODULE, name=NAME).names[:2] == ["bucket", "public_access_block"]


def test_a_bucket_that_somebody_deleted_meanwhile_is_created(modules: Modules, region: LocalRegion) -> None:
    region.client("s3").create_bucket(Bucket=NAME)
    fault = {"service": "s3", "operation": "PutBucketVersioning", "code": "NoSuchBucket", "status": 404, "times": 1}
    region.inject(fault, {**fault, "operation": "Get*", "times": 5, "skip": 5})
    run = modules.run(MODULE, name=NAME)
    assert run.changed
    assert run.writes[0:2] == ["s3:PutBucketVersioning", "s3:CreateBucket"]
    assert not modules.run(MODULE, name=NAME).changed


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        ("CreateBucket", "deleted a short time ago can take an hour"),
        ("PutBucketVersioning", "another change of this bucket is in progress"),
    ],
)
def test_a_conflict_that_does_not_pass(
    modules: Modules, region: LocalRegion, monkeypatch: pytest.MonkeyPatch, operation: str, words: str
) -> None:
    monkeypatch.setattr(_bucket_calls, "CONFLICT_TIMEOUT", 0.1)
    monkeypatch.setattr(_bucket_calls, "CONFLICT_DELAY", 0.1)
    region.inject({"operation": operation, "code": "OperationAborted", "status": 409})
    assert words in modules.fail(MODULE, name=NAME)


def test_a_missing_permission_to_read(modules: Modules, region: LocalRegion) -> None:
    region.client("s3").create_bucket(Bucket=NAME)
    words = "User: arn:aws:iam::123456789012:user/u is not authorized to perform: s3:GetBucketPolicy on resource: x"
    region.inject({"operation": "GetBucketPolicy", "code": "AccessDenied", "message": words})
    message = modules.fail(MODULE, name=NAME)
    assert "s3:GetBucketPolicy" in message
    assert "another account" not in message
    assert modules.run(MODULE, name=NAME, secure_defaults=False, tags={}).changed is False


def test_an_interrupted_run_says_what_it_did_and_the_next_goes_on(modules: Modules, region: LocalRegion) -> None:
    region.inject({"operation": "PutBucketVersioning", "code": "AccessDenied"})
    with pytest.raises(ModuleFailedError) as failure:
        modules.run(MODULE, name=NAME)
    assert "changing versioning of the bucket" in failure.value.result["msg"]
    assert [change["name"] for change in failure.value.result["applied"]] == ["bucket", "public_access_block"]
    region.admin("DELETE", "faults")
    assert modules.converge(MODULE, name=NAME).names == ["versioning", "lifecycle_rules", "policy"]


def test_expired_credentials(modules: Modules, region: LocalRegion) -> None:
    region.inject({"service": "*", "operation": "*", "code": "ExpiredToken", "status": 400})
    assert "sign in again" in modules.fail(MODULE, name=NAME)


@pytest.mark.parametrize(
    ("code", "operation", "words"),
    [
        (
            "InvalidBucketAclWithObjectOwnership",
            "PutBucketOwnershipControls",
            "object_ownership to BucketOwnerPreferred",
        ),
        ("MalformedPolicy", "PutBucketPolicy", "policy_statements"),
        ("TooManyBuckets", "CreateBucket", "Service Quotas"),
    ],
)
def test_what_s3_refuses_comes_with_the_next_step(
    modules: Modules, region: LocalRegion, code: str, operation: str, words: str
) -> None:
    if operation != "CreateBucket":
        region.client("s3").create_bucket(Bucket=NAME, ObjectOwnership="BucketOwnerPreferred")
    region.inject({"operation": operation, "code": code})
    assert words in modules.fail(MODULE, name=NAME)


def test_logs_to_a_bucket_that_does_not_exist(modules: Modules) -> None:
    message = modules.fail(MODULE, name=NAME, logging={"target_bucket": "access-logs"})
    assert "must let logging.s3.amazonaws.com write to it" in message


def test_a_policy_that_would_be_public(modules: Modules) -> None:
    statement = {
        "Sid": "Everybody",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{NAME}/*",
    }
    assert "BlockPublicPolicy" in modules.fail(MODULE, name=NAME, policy_statements=[statement])


def test_wrong_input_makes_no_call(modules: Modules, region: LocalRegion) -> None:
    assert "kms_key_id: 'mlflow' is no KMS key" in modules.fail(MODULE, name=NAME, kms_key_id="mlflow")
    assert "name: 'Artifacts'" in modules.fail(MODULE, name="Artifacts")
    assert region.calls() == []


def test_an_alias_that_does_not_exist(modules: Modules) -> None:
    message = modules.fail(MODULE, name=NAME, kms_key_id="alias/nowhere")
    assert "there is no KMS key 'alias/nowhere'" in message


def filled(region: LocalRegion) -> t.Any:
    """A bucket with three versions, one delete marker and one upload that is not complete."""
    client = region.client("s3")
    client.create_bucket(Bucket=NAME)
    client.put_bucket_versioning(Bucket=NAME, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"1", b"2"):
        client.put_object(Bucket=NAME, Key="runs/1/model", Body=body)
    client.put_object(Bucket=NAME, Key="runs/2 ü/model", Body=b"3")
    client.delete_object(Bucket=NAME, Key="runs/1/model")
    client.create_multipart_upload(Bucket=NAME, Key="runs/3/model")
    return client


def test_delete_and_delete_again(modules: Modules, region: LocalRegion) -> None:
    modules.run(MODULE, name=NAME)
    run = modules.converge(MODULE, name=NAME, state="absent")
    assert run.names == ["bucket"]
    assert run.result["action"] == "delete"
    assert run.result["exists"] is False
    assert run.result["deleted_objects"] == 0
    assert region.client("s3").list_buckets()["Buckets"] == []


def test_a_bucket_that_is_not_empty_is_not_deleted(modules: Modules, region: LocalRegion) -> None:
    client = filled(region)
    for check in (True, False):
        message = modules.fail(MODULE, check=check, name=NAME, state="absent")
        assert "3 object versions, 1 delete markers and 1 incomplete uploads" in message
        assert "force_delete_objects" in message
    assert len(client.list_object_versions(Bucket=NAME)["Versions"]) == 3


@pytest.mark.parametrize("page", [1000, 2], ids=["one-page", "many-pages"])
def test_force_deletes_versions_markers_and_uploads(
    modules: Modules, region: LocalRegion, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(_bucket_contents, "LISTED_AT_ONCE", page)
    client = filled(region)
    predicted = modules.run(MODULE, check=True, name=NAME, state="absent", force_delete_objects=True).result
    assert predicted["deleted_objects"] == (5 if page == 1000 else None)
    run = modules.converge(MODULE, name=NAME, state="absent", force_delete_objects=True)
    assert run.names == ["objects", "bucket"]
    assert run.result["deleted_objects"] == 5
    assert client.list_buckets()["Buckets"] == []


def test_an_object_written_while_the_bucket_is_deleted(modules: Modules, region: LocalRegion) -> None:
    client = filled(region)
    region.inject({"operation": "DeleteBucket", "code": "BucketNotEmpty", "status": 409, "times": 1})
    run = modules.run(MODULE, name=NAME, state="absent", force_delete_objects=True)
    assert run.names == ["objects", "bucket"]
    assert client.list_buckets()["Buckets"] == []


@pytest.mark.parametrize("fault", [{"reset": True}, {"code": "InternalError"}])
def test_a_deletion_whose_answer_was_lost(modules: Modules, region: LocalRegion, fault: dict[str, t.Any]) -> None:
    region.client("s3").create_bucket(Bucket=NAME)
    region.inject({"operation": "DeleteBucket", "after": True, "times": 1, **fault})
    run = modules.run(MODULE, name=NAME, state="absent")
    assert run.names == ["bucket"]
    assert run.result["exists"] is False


def test_objects_that_are_locked_stop_the_deletion(modules: Modules, region: LocalRegion) -> None:
    client = region.client("s3")
    client.create_bucket(Bucket=NAME, ObjectLockEnabledForBucket=True)
    client.put_object(Bucket=NAME, Key="free", Body=b"1")
    client.put_object(Bucket=NAME, Key="locked", Body=b"2", ObjectLockLegalHoldStatus="ON")
    message = modules.fail(MODULE, name=NAME, state="absent", force_delete_objects=True)
    assert "stopped after 1 objects" in message
    assert "'locked'" in message
    assert [item["Key"] for item in client.list_object_versions(Bucket=NAME)["Versions"]] == ["locked"]


READING = [
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy",
    "s3:GetLifecycleConfiguration",
    "s3:GetBucketLogging",
    "s3:GetBucketCORS",
    "s3:GetBucketTagging",
]
WRITING = [
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPolicy",
    "s3:DeleteBucketPolicy",
    "s3:PutLifecycleConfiguration",
    "s3:PutBucketLogging",
    "s3:PutBucketCORS",
    "s3:PutBucketTagging",
]
CREATING = ["s3:CreateBucket", "s3:TagResource"]
DELETING = ["s3:DeleteBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"]
EMPTYING = ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:AbortMultipartUpload"]
EVERY_OPTION: dict[str, t.Any] = {
    "encryption": "aws:kms",
    "restrict_to_owner_account": True,
    "cors_rules": [{"allowed_methods": ["GET"], "allowed_origins": ["*"]}],
    "logging": {"enabled": False},
    "tags": {"a": "b"},
}


def someone(region: LocalRegion, actions: list[str]) -> dict[str, t.Any]:
    """The credentials of a user who may do just this, and who is judged by it."""
    iam = region.client("iam")
    iam.create_user(UserName="someone")
    arns = [f"arn:aws:s3:::{NAME}", f"arn:aws:s3:::{NAME}/*"]
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": arns}]}
    iam.put_user_policy(UserName="someone", PolicyName="only", PolicyDocument=json.dumps(document))
    key = iam.create_access_key(UserName="someone")["AccessKey"]
    region.configure(iam_enforcement=True)
    return {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}


def test_the_permissions_in_the_notes_are_enough(modules: Modules, region: LocalRegion) -> None:
    caller = someone(region, [*READING, *WRITING, *CREATING, *DELETING, *EMPTYING])
    modules.converge(MODULE, name=NAME, **EVERY_OPTION, **caller)
    opened = {"require_tls": False, "restrict_to_owner_account": False, "cors_rules": [], "purge_cors_rules": True}
    closed = {"abort_incomplete_multipart_upload_days": 0, "tags": {}, "purge_tags": True}
    modules.converge(MODULE, name=NAME, **{**EVERY_OPTION, **opened, **closed}, **caller)
    client = region.client("s3")
    client.put_object(Bucket=NAME, Key="a", Body=b"1")
    client.create_multipart_upload(Bucket=NAME, Key="b")
    modules.converge(MODULE, name=NAME, state="absent", force_delete_objects=True, **caller)


def test_check_mode_needs_to_read_only(modules: Modules, region: LocalRegion) -> None:
    caller = someone(region, READING)
    predicted = modules.run(MODULE, check=True, name=NAME, **EVERY_OPTION, **caller)
    assert predicted.result["action"] == "create"
    message = modules.fail(MODULE, name=NAME, **EVERY_OPTION, **caller)
    assert "s3:CreateBucket" in message
