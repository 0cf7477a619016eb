# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The request log: every call of every service, told apart into reads and writes."""

from __future__ import annotations

import json
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

import pytest
from local_callers import LocalAws, refused

from localaws.identify import Call
from localaws.request_log import MEMORY_LIMIT, Entry, RequestLog

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ACCOUNT = "123456789012"
CALLS: list[tuple[str, Callable[[Any], object], str, str, bool]] = [
    ("sagemaker", lambda c: c.list_mlflow_apps(), "ListMlflowApps", "*", False),
    ("sagemaker", lambda c: c.start_mlflow_tracking_server(TrackingServerName="ts"), "StartMlflowTrackingServer",
     f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:mlflow-tracking-server/ts", True),
    ("sagemaker", lambda c: c.describe_mlflow_app(Arn=f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:mlflow-app/app-A"),
     "DescribeMlflowApp", f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:mlflow-app/app-A", False),
    ("iam", lambda c: c.delete_role(RoleName="r"), "DeleteRole", f"arn:aws:iam::{ACCOUNT}:role/r", True),
    ("iam", lambda c: c.create_role(RoleName="r", Path="/a/", AssumeRolePolicyDocument="{}"), "CreateRole",
     f"arn:aws:iam::{ACCOUNT}:role/a/r", True),
    ("s3", lambda c: c.head_bucket(Bucket="bucket"), "HeadBucket", "arn:aws:s3:::bucket", False),
    ("s3", lambda c: c.get_bucket_policy(Bucket="bucket"), "GetBucketPolicy", "arn:aws:s3:::bucket", False),
    ("s3", lambda c: c.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"}),
     "PutBucketVersioning", "arn:aws:s3:::bucket", True),
    ("s3", lambda c: c.put_object(Bucket="bucket", Key="a/b", Body=b""), "PutObject", "arn:aws:s3:::bucket/a/b", True),
    ("s3", lambda c: c.list_objects_v2(Bucket="bucket"), "ListObjectsV2", "arn:aws:s3:::bucket", False),
    ("sts", lambda c: c.get_caller_identity(), "GetCallerIdentity", "*", False),
    ("ec2", lambda c: c.describe_vpcs(), "DescribeVpcs", "*", False),
    ("kms", lambda c: c.create_key(), "CreateKey", "*", True),
    ("cloudwatch", lambda c: c.list_dashboards(), "ListDashboards", "*", False),
    ("scheduler", lambda c: c.delete_schedule(Name="s"), "DeleteSchedule",
     f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule/default/s", True),
    ("logs", lambda c: c.create_log_group(logGroupName="g"), "CreateLogGroup", "*", True),
    ("service-quotas", lambda c: c.list_service_quotas(ServiceCode="vpc"), "ListServiceQuotas", "*", False),
]  # fmt: skip


@pytest.mark.parametrize(("service", "call", "operation", "resource", "write"), CALLS, ids=[c[2] for c in CALLS])
def test_calls_of_every_protocol_are_identified(
    local_aws: LocalAws, service: str, call: Callable[[Any], object], operation: str, resource: str, write: bool
) -> None:
    client = local_aws.client(service)
    try:
        call(client)
    except client.exceptions.ClientError:
        assert local_aws.admin("GET", "log")[-1]["error"]
    (entry,) = local_aws.admin("GET", "log")
    found = (entry["service"], entry["operation"], entry["resource"], entry["write"])
    assert found == (service, operation, resource, write)
    assert (entry["region"], entry["plane"], entry["access_key"]) == ("us-east-1", "control", "AKIAIOSFODNN7EXAMPLE")
    assert entry["milliseconds"] > 0


def test_errors_and_denials_are_noted(local_aws: LocalAws) -> None:
    refused(lambda: local_aws.client("iam").get_role(RoleName="none"))
    refused(lambda: local_aws.client("sagemaker").describe_mlflow_tracking_server(TrackingServerName="none"))
    found = [(entry["status"], entry["error"], entry["denied"]) for entry in local_aws.admin("GET", "log")]
    assert found == [(404, "NoSuchEntity", False), (400, "ResourceNotFound", False)]


def test_counting_and_clearing(local_aws: LocalAws) -> None:
    iam = local_aws.client("iam")
    for _unused in range(3):
        iam.list_roles()
    iam.list_users()
    assert local_aws.admin("GET", "log?count") == {"iam:ListRoles": 3, "iam:ListUsers": 1}
    local_aws.admin("DELETE", "log")
    assert local_aws.admin("GET", "log?count") == {}
    assert local_aws.admin("GET", "log") == []


def test_many_at_once(local_aws: LocalAws) -> None:
    """moto is not made for threads; the front is."""
    iam, s3 = local_aws.client("iam"), local_aws.client("s3")

    def work(number: int) -> None:
        iam.create_user(UserName=f"user-{number}")
        s3.create_bucket(Bucket=f"bucket-{number}")
        s3.list_buckets()
        iam.delete_user(UserName=f"user-{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(24)))
    assert iam.list_users()["Users"] == []
    assert len(s3.list_buckets()["Buckets"]) == 24
    counts = local_aws.admin("GET", "log?count")
    assert (counts["iam:CreateUser"], counts["s3:CreateBucket"], counts["s3:ListBuckets"]) == (24, 24, 25)


def test_the_administrator_is_not_logged_and_every_answer_has_the_banner(local_aws: LocalAws) -> None:
    for path in ("/_localaws/health", "/", "/nothing/here"):
        try:
            with urllib.request.urlopen(f"{local_aws.endpoint}{path}", timeout=10) as answer:
                banner = answer.headers["x-localaws"]
        except HTTPError as error:
            banner = error.headers["x-localaws"]
        assert banner
    assert len(local_aws.admin("GET", "log")) == 2


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_web_pages_cannot_administer(local_aws: LocalAws, headers: dict[str, str], status: int) -> None:
    """A page in the user's browser can reach this port: by a form, or by a name that resolves to this machine."""
    request = urllib.request.Request(f"{local_aws.endpoint}/_localaws/faults", method="DELETE", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            found = answer.status
    except HTTPError as error:
        found = error.code
    assert found == status


def test_unknown_administration_says_what_there_is(local_aws: LocalAws) -> None:
    with pytest.raises(HTTPError) as caught:
        local_aws.admin("GET", "helth")
    assert caught.value.code == 404
    assert b"GET /_localaws/config" in caught.value.read()


@pytest.mark.parametrize(
    ("operation", "service", "changes", "writes"),
    [
        ("GetRole", "iam", False, False),
        ("SimulatePrincipalPolicy", "iam", False, False),
        ("HeadObject", "s3", False, False),
        ("PutObject", "s3", True, True),
        ("AssumeRole", "sts", True, False),
        ("CreatePresignedMlflowAppUrl", "sagemaker", True, True),
        ("LookupEvents", "cloudtrail", False, False),
        ("SomethingNew", "sagemaker", True, True),
    ],
)
def test_reads_and_writes(operation: str, service: str, changes: bool, writes: bool) -> None:
    call = Call(service, operation, "us-east-1", "")
    assert (call.changes_state, call.writes) == (changes, writes)


def entry(operation: str = "CreateRole", **changes: Any) -> Entry:
    return Entry(**{"t": 1.0, "service": "iam", "operation": operation, "status": 200, **changes})


def test_the_file_has_every_entry(tmp_path: Path) -> None:
    log = RequestLog(tmp_path)
    log.add(entry())
    log.add(entry("GetRole"))
    lines = (tmp_path / "requests.jsonl").read_text().splitlines()
    assert [json.loads(line)["operation"] for line in lines] == ["CreateRole", "GetRole"]
    log.clear()
    assert not (tmp_path / "requests.jsonl").exists()
    log.add(entry("ListRoles"))
    assert "ListRoles" in (tmp_path / "requests.jsonl").read_text()
    log.close()


def test_memory_is_bounded_but_counts_are_not() -> None:
    log = RequestLog()
    for _unused in range(MEMORY_LIMIT + 5):
        log.add(entry())
    assert len(log.entries()) == MEMORY_LIMIT
    assert log.count() == {"iam:CreateRole": MEMORY_LIMIT + 5}
