# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on demand, and that clients react to them as they do on AWS."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError
from botocore.exceptions import ConnectionError as AwsConnectionError
from botocore.parsers import ResponseParserError
from local_callers import LocalAws, refused

from localaws.faults import Faults, InvalidFaultError

if TYPE_CHECKING:
    from collections.abc import Callable

RETRYING = Config(retries={"mode": "standard", "total_max_attempts": 4})


def inject(local_aws: LocalAws, **rule: Any) -> None:
    local_aws.admin("POST", "faults", [rule])


CODES: list[tuple[str, Callable[[Any], object], dict[str, Any], tuple[str, int]]] = [
    ("sagemaker", lambda c: c.list_mlflow_apps(), {"code": "ThrottlingException"}, ("ThrottlingException", 400)),
    ("iam", lambda c: c.list_roles(), {"code": "Throttling"}, ("Throttling", 400)),
    ("s3", lambda c: c.list_buckets(), {"code": "SlowDown"}, ("SlowDown", 503)),
    ("s3", lambda c: c.list_buckets(), {"code": "InternalError"}, ("InternalError", 500)),
    (
        "ec2",
        lambda c: c.describe_vpcs(),
        {"code": "RequestLimitExceeded", "status": 503},
        ("RequestLimitExceeded", 503),
    ),
    ("scheduler", lambda c: c.list_schedules(), {"status": 500}, ("InternalFailure", 500)),
    ("sqs", lambda c: c.list_queues(), {"code": "RequestThrottled", "status": 403}, ("RequestThrottled", 403)),
]


@pytest.mark.parametrize(("service", "call", "rule", "expected"), CODES)
def test_errors_are_in_the_service_s_protocol(
    local_aws: LocalAws, service: str, call: Callable[[Any], object], rule: dict[str, Any], expected: tuple[str, int]
) -> None:
    inject(local_aws, service=service, message="too much <at> once", **rule)
    assert refused(lambda: call(local_aws.client(service))) == (*expected, "too much <at> once")


@pytest.mark.parametrize(
    ("code", "status", "attempts"),
    [("ThrottlingException", 400, 3), ("InternalFailure", 500, 3), ("ValidationException", 400, 1)],
)
def test_boto3_retries_what_it_retries_on_aws(local_aws: LocalAws, code: str, status: int, attempts: int) -> None:
    inject(local_aws, service="sagemaker", operation="ListMlflowApps", code=code, status=status, times=2)
    client = local_aws.client("sagemaker", config=RETRYING)
    if attempts == 1:
        assert refused(client.list_mlflow_apps)[0] == code
    else:
        assert client.list_mlflow_apps()["Summaries"] == []
    assert local_aws.admin("GET", "log?count") == {"sagemaker:ListMlflowApps": attempts}


def test_a_lost_answer(local_aws: LocalAws) -> None:
    """What makes a create that is not idempotent fail on its second attempt."""
    inject(local_aws, service="s3", operation="CreateBucket", code="InternalError", after=True, times=1)
    s3 = local_aws.client("s3")
    assert refused(lambda: s3.create_bucket(Bucket="made"))[:2] == ("InternalError", 500)
    assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == ["made"]
    assert local_aws.admin("GET", "log")[0]["fault"] == "InternalError after"


@pytest.mark.parametrize("after", [False, True])
def test_a_dropped_connection(local_aws: LocalAws, after: bool) -> None:
    inject(local_aws, service="s3", operation="CreateBucket", reset=True, after=after, times=1)
    s3 = local_aws.client("s3")
    with pytest.raises((ConnectionClosedError, AwsConnectionError)):
        s3.create_bucket(Bucket="made")
    assert len(s3.list_buckets()["Buckets"]) == int(after)


def test_boto3_retries_a_dropped_connection(local_aws: LocalAws) -> None:
    inject(local_aws, service="iam", reset=True, times=1)
    assert local_aws.client("iam", config=RETRYING).list_roles()["Roles"] == []
    assert [entry["fault"] for entry in local_aws.admin("GET", "log")] == ["reset", None]


def test_a_delay(local_aws: LocalAws) -> None:
    inject(local_aws, service="iam", operation="ListRoles", latency_ms=300)
    iam = local_aws.client("iam")
    begun = time.monotonic()
    iam.list_roles()
    slow = time.monotonic()
    iam.list_users()
    assert slow - begun >= 0.3
    assert time.monotonic() - slow < 0.3


def test_only_the_resource_that_is_meant(local_aws: LocalAws) -> None:
    inject(local_aws, service="iam", resource="arn:aws:iam::*:role/bad*", code="ServiceFailure")
    iam = local_aws.client("iam")
    assert refused(lambda: iam.get_role(RoleName="bad-one"))[:2] == ("ServiceFailure", 500)
    assert refused(lambda: iam.get_role(RoleName="good"))[0] == "NoSuchEntity"


def test_faults_are_shown_and_cleared(local_aws: LocalAws) -> None:
    inject(local_aws, service="iam", code="Throttling", times=5)
    refused(local_aws.client("iam").list_roles)
    shown = local_aws.admin("GET", "faults")
    assert [(each["code"], each["times"], each["fired"]) for each in shown] == [("Throttling", 5, 1)]
    local_aws.admin("DELETE", "faults")
    assert local_aws.admin("GET", "faults") == []
    local_aws.client("iam").list_roles()


def drawn(faults: Faults, times: int) -> list[bool]:
    return [faults.draw("iam", "ListRoles", "*")[1] is not None for _unused in range(times)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"code": "X"}, [True, True, True, True]),
        ({"code": "X", "times": 2}, [True, True, False, False]),
        ({"code": "X", "skip": 1}, [False, True, True, True]),
        ({"code": "X", "skip": 1, "times": 1}, [False, True, False, False]),
        ({"code": "X", "service": "s3"}, [False] * 4),
        ({"code": "X", "operation": "list*"}, [True] * 4),
        ({"code": "X", "probability": 0.0}, [False] * 4),
        ({"latency_ms": 5}, [False] * 4),
    ],
)
def test_when_a_rule_applies(rule: dict[str, Any], expected: list[bool]) -> None:
    faults = Faults()
    faults.add([rule])
    assert drawn(faults, 4) == expected


def test_probability() -> None:
    faults = Faults(seed=1)
    faults.add([{"code": "X", "probability": 0.3}])
    assert 200 < sum(drawn(faults, 1000)) < 400


def test_delays_add_up_and_the_first_error_wins() -> None:
    faults = Faults()
    faults.add([{"latency_ms": 100}, {"latency_ms": 200, "code": "First"}, {"latency_ms": 400, "code": "Second"}])
    seconds, fault = faults.draw("iam", "ListRoles", "*")
    assert fault is not None
    assert (round(seconds, 3), fault.code) == (0.3, "First")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({}, "needs a code"),
        ({"code": 5}, "code must be str"),
        ({"cod": "X"}, "has no field 'cod'; known: "),
        ({"code": "X", "times": True}, "times must be int"),
        ({"code": "X", "probability": 2}, "between 0 and 1"),
        ("X", "a fault is an object"),
    ],
)
def test_a_wrong_rule_is_refused_and_none_is_added(rule: Any, words: str) -> None:
    faults = Faults()
    with pytest.raises(InvalidFaultError, match=words):
        faults.add([{"code": "Good"}, rule])
    assert faults.as_json() == []


def test_a_wrong_rule_gets_an_answer_that_says_so(local_aws: LocalAws) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        local_aws.admin("POST", "faults", [{"operation": "ListRoles"}])
    assert caught.value.code == 400
    assert b"a fault needs a code" in caught.value.read()


def test_clients_of_another_mode(local_aws: LocalAws) -> None:
    """The legacy mode retries by code and status as well."""
    inject(local_aws, service="sagemaker", code="ThrottlingException", times=1)
    client = local_aws.client("sagemaker", config=Config(retries={"mode": "legacy", "max_attempts": 1}))
    try:
        client.list_mlflow_apps()
    except ClientError as error:
        pytest.fail(f"it was not retried: {error}")


SERVER = "arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/ts"


def call_mlflow(local_aws: LocalAws) -> tuple[int, str]:
    """A call of MLflow's API, unsigned: it gets as far as the data plane."""
    url = f"{local_aws.endpoint}/api/2.0/mlflow/experiments/search"
    request = urllib.request.Request(url, headers={"x-mlflow-sm-tracking-server-arn": SERVER})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_the_data_plane_fails_as_well(local_aws: LocalAws) -> None:
    inject(local_aws, service="sagemaker-mlflow", operation="SearchExp*", code="Throttling", status=429, times=1)
    assert call_mlflow(local_aws)[0] == 429
    assert call_mlflow(local_aws)[0] == 403
    log = local_aws.admin("GET", "log")
    assert [(each["plane"], each["operation"], each["fault"]) for each in log] == [
        ("data", "SearchExperiments", "Throttling"),
        ("data", "SearchExperiments", None),
    ]


def test_the_data_plane_hangs_up(local_aws: LocalAws) -> None:
    inject(local_aws, service="sagemaker-mlflow", resource="*/ts", reset=True, times=1)
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        call_mlflow(local_aws)
    assert call_mlflow(local_aws)[0] == 403


def test_an_answer_that_breaks_off(local_aws: LocalAws) -> None:
    """The call is carried out."""
    inject(local_aws, service="iam", operation="CreateUser", malformed=True, times=1)
    iam = local_aws.client("iam")
    with pytest.raises(ResponseParserError):
        iam.create_user(UserName="made")
    assert [user["UserName"] for user in iam.list_users()["Users"]] == ["made"]
    assert [entry["fault"] for entry in local_aws.admin("GET", "log")] == ["malformed", None]


def test_a_read_that_lags_behind(local_aws: LocalAws) -> None:
    s3 = local_aws.client("s3")
    assert s3.list_buckets()["Buckets"] == []
    s3.create_bucket(Bucket="new")
    inject(local_aws, service="s3", stale=True, times=2)
    assert s3.list_buckets()["Buckets"] == [], "as it was answered before"
    assert refused(lambda: s3.get_bucket_policy(Bucket="new"))[0] == "NoSuchBucketPolicy", "this was never asked before"
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["new"]


def test_a_write_never_lags_behind(local_aws: LocalAws) -> None:
    inject(local_aws, service="s3", stale=True)
    local_aws.client("s3").create_bucket(Bucket="new")
    local_aws.admin("DELETE", "faults")
    assert [bucket["Name"] for bucket in local_aws.client("s3").list_buckets()["Buckets"]] == ["new"]
