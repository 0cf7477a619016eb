# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures: right ones pass in every form that clients use, wrong ones are refused as each service does."""

from __future__ import annotations

import datetime
import hashlib
import http.client
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from local_callers import Keys, LocalAws, refused

if TYPE_CHECKING:
    from collections.abc import Callable

LIST_ROLES = "Action=ListRoles&Version=2010-05-08"
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


def send(method: str, url: str, headers: dict[str, str], body: bytes | str | None = None) -> tuple[int, str]:
    """The request just as it is: no client that changes it on its way."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def signed(keys: Keys, request: AWSRequest, service: str, auth: type[SigV4Auth] = SigV4Auth) -> AWSRequest:
    auth(Credentials(keys.access_key, keys.secret_key, keys.token), service, "us-east-1").add_auth(request)
    return request


def sent(request: AWSRequest) -> tuple[int, str]:
    return send(str(request.method), str(request.url), dict(request.headers.items()), request.data or None)


WRONG_KEYS: list[tuple[str, Callable[[Any], object], str, int, str]] = [
    (
        "sagemaker",
        lambda client: client.list_mlflow_apps(),
        "InvalidSignatureException",
        403,
        "UnrecognizedClientException",
    ),
    ("iam", lambda client: client.list_roles(), "SignatureDoesNotMatch", 403, "InvalidClientTokenId"),
    ("s3", lambda client: client.list_buckets(), "SignatureDoesNotMatch", 403, "InvalidAccessKeyId"),
    ("ec2", lambda client: client.describe_vpcs(), "AuthFailure", 401, "AuthFailure"),
    (
        "scheduler",
        lambda client: client.list_schedules(),
        "InvalidSignatureException",
        403,
        "UnrecognizedClientException",
    ),
    ("kms", lambda client: client.list_keys(), "InvalidSignatureException", 403, "UnrecognizedClientException"),
]


@pytest.mark.parametrize(("service", "call", "wrong_secret", "status", "unknown_key"), WRONG_KEYS)
def test_wrong_keys(
    local_aws: LocalAws, service: str, call: Callable[[Any], object], wrong_secret: str, status: int, unknown_key: str
) -> None:
    call(local_aws.client(service))
    boot = local_aws.boot_keys
    code, found, _unused = refused(lambda: call(local_aws.client(service, Keys(boot.access_key, "wrong"))))
    assert (code, found) == (wrong_secret, status)
    code = refused(lambda: call(local_aws.client(service, Keys("AKIANOBODYHASTHISKEY", "x"))))[0]
    assert code == unknown_key


def test_the_check_can_be_switched_off(local_aws: LocalAws) -> None:
    local_aws.admin("POST", "config", {"signature_check": False})
    assert local_aws.client("iam", Keys("AKIANOBODYHASTHISKEY", "x")).list_roles()["Roles"] == []


@pytest.mark.parametrize("key", ["plain", "a b+c", "ü/ß", "x=1&y", "~tilde(1)*!'", "double//slash", "pct%2Fpct"])
@pytest.mark.parametrize("version", ["s3v4", "s3"], ids=["version 4", "version 2"])
def test_keys_of_all_characters(local_aws: LocalAws, key: str, version: str) -> None:
    s3 = local_aws.client("s3", config=Config(signature_version="s3v4"))
    s3.create_bucket(Bucket="characters")
    s3.put_object(Bucket="characters", Key=key, Body=b"content", Metadata={"under_score": "1"})
    assert s3.get_object(Bucket="characters", Key=key)["Metadata"] == {"under_score": "1"}
    presigner = local_aws.client("s3", config=Config(signature_version=version))
    link = presigner.generate_presigned_url("get_object", Params={"Bucket": "characters", "Key": key})
    assert send("GET", link, {}) == (200, "content")


@pytest.mark.parametrize("version", ["s3v4", "s3"], ids=["version 4", "version 2"])
def test_links_expire_by_the_movable_clock(local_aws: LocalAws, version: str) -> None:
    s3 = local_aws.client("s3", config=Config(signature_version=version))
    local_aws.client("s3").create_bucket(Bucket="links")
    local_aws.client("s3").put_object(Bucket="links", Key="k", Body=b"content")
    old = s3.generate_presigned_url("get_object", Params={"Bucket": "links", "Key": "k"}, ExpiresIn=60)
    assert send("GET", old, {})[0] == 200
    local_aws.admin("POST", "clock", {"advance": 120})
    status, body = send("GET", old, {})
    assert status == 403
    assert "<Code>AccessDenied</Code><Message>Request has expired</Message>" in body
    # Another duration: within one second the same link would be made again.
    new = s3.generate_presigned_url("get_object", Params={"Bucket": "links", "Key": "k"}, ExpiresIn=90)
    assert send("GET", new, {})[0] == 200


@pytest.mark.parametrize("version", ["s3v4", "s3"], ids=["version 4", "version 2"])
def test_a_changed_link_is_refused(local_aws: LocalAws, version: str) -> None:
    local_aws.client("s3").create_bucket(Bucket="links")
    s3 = local_aws.client("s3", config=Config(signature_version=version))
    link = s3.generate_presigned_url("get_object", Params={"Bucket": "links", "Key": "mine"})
    status, body = send("GET", link.replace("/mine", "/yours"), {})
    assert status == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in body


def test_a_presigned_call_of_another_service(local_aws: LocalAws) -> None:
    """The way in which clients prove who they are to third parties."""
    url = f"{local_aws.endpoint}/?Action=GetCallerIdentity&Version=2011-06-15"
    request = AWSRequest("GET", url)
    credentials = Credentials(local_aws.boot_keys.access_key, local_aws.boot_keys.secret_key)
    SigV4QueryAuth(credentials, "sts", "us-east-1", expires=60).add_auth(request)
    status, body = send("GET", str(request.url), {})
    assert status == 200
    assert "<Account>123456789012</Account>" in body


@pytest.mark.parametrize(
    ("minutes", "message"),
    [(-16, "Signature expired"), (16, "Signature not yet current"), (-14, None), (14, None)],
)
def test_clocks_may_differ_by_a_quarter_of_an_hour(
    local_aws: LocalAws, minutes: int, message: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    shifted = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *_a, **_k: shifted.replace(tzinfo=None))
    request = signed(local_aws.boot_keys, AWSRequest("POST", f"{local_aws.endpoint}/", FORM, LIST_ROLES), "iam")
    status, body = sent(request)
    assert (status, message or "ListRolesResult") == (403 if message else 200, message or "ListRolesResult")
    assert (message or "ListRolesResult") in body
    in_s3 = signed(local_aws.boot_keys, AWSRequest("GET", f"{local_aws.endpoint}/"), "s3", S3SigV4Auth)
    status, body = sent(in_s3)
    assert ("<Code>RequestTimeTooSkewed</Code>" in body) is (message is not None)


def test_the_body_is_signed_too(local_aws: LocalAws) -> None:
    request = signed(local_aws.boot_keys, AWSRequest("POST", f"{local_aws.endpoint}/", FORM, LIST_ROLES), "iam")
    other = LIST_ROLES.replace("ListRoles", "ListUsers")
    status, body = send("POST", f"{local_aws.endpoint}/", dict(request.headers.items()), other)
    assert (status, "SignatureDoesNotMatch" in body) == (403, True)


def test_a_body_that_is_not_what_its_hash_says(local_aws: LocalAws) -> None:
    local_aws.client("s3").create_bucket(Bucket="hashes")
    request = AWSRequest("PUT", f"{local_aws.endpoint}/hashes/key", {}, b"said")
    signed(local_aws.boot_keys, request, "s3", S3SigV4Auth)
    status, body = send("PUT", str(request.url), dict(request.headers.items()), b"sent")
    assert (status, "XAmzContentSHA256Mismatch" in body) == (400, True)


def test_order_and_spelling_of_a_query_do_not_matter(local_aws: LocalAws) -> None:
    local_aws.client("s3").create_bucket(Bucket="queries")
    url = f"{local_aws.endpoint}/queries?prefix=a%20b&list-type=2"
    request = signed(local_aws.boot_keys, AWSRequest("GET", url), "s3", S3SigV4Auth)
    same = f"{local_aws.endpoint}/queries?list-type=2&prefix=a+b"
    assert send("GET", same, dict(request.headers.items()))[0] == 200


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 403, "AccessDenied"),
        (FORM, 403, "MissingAuthenticationToken"),
        ({"X-Amz-Target": "SageMaker.ListMlflowApps"}, 400, "MissingAuthenticationTokenException"),
        ({"Authorization": "AWS4-HMAC-SHA256 nonsense"}, 400, "AuthorizationHeaderMalformed"),
    ],
)
def test_without_a_signature(local_aws: LocalAws, headers: dict[str, str], status: int, code: str) -> None:
    method, body = ("POST", LIST_ROLES) if "X-Amz-Target" in headers or headers is FORM else ("GET", None)
    found, answer = send(method, f"{local_aws.endpoint}/", dict(headers), body)
    assert (found, code in answer) == (status, True), answer


def assumed(local_aws: LocalAws, **options: Any) -> Keys:
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}]}
    arn = local_aws.role("assumed", {"Version": "2012-10-17", **trust})
    found = local_aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="work", **options)["Credentials"]
    return Keys(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])


def test_a_session_needs_its_token(local_aws: LocalAws) -> None:
    keys = assumed(local_aws)
    identity = local_aws.client("sts", keys).get_caller_identity()
    assert identity["Arn"] == "arn:aws:sts::123456789012:assumed-role/assumed/work"
    for token, service, code in ((None, "iam", "InvalidClientTokenId"), ("other", "s3", "InvalidToken")):
        client = local_aws.client(service, Keys(keys.access_key, keys.secret_key, token))
        assert refused(client.list_roles if service == "iam" else client.list_buckets)[0] == code


def test_a_session_ends(local_aws: LocalAws) -> None:
    keys = assumed(local_aws, DurationSeconds=900)
    local_aws.client("sts", keys).get_caller_identity()
    local_aws.admin("POST", "clock", {"advance": 1000})
    assert refused(local_aws.client("sts", keys).get_caller_identity)[0] == "ExpiredToken"
    assert refused(local_aws.client("sagemaker", keys).list_mlflow_apps)[0] == "ExpiredTokenException"


def test_an_inactive_key_is_unknown(local_aws: LocalAws) -> None:
    keys = local_aws.user("ann")
    assert local_aws.client("sts", keys).get_caller_identity()["Arn"].endswith(":user/ann")
    local_aws.client("iam").update_access_key(UserName="ann", AccessKeyId=keys.access_key, Status="Inactive")
    assert refused(local_aws.client("sts", keys).get_caller_identity)[0] == "InvalidClientTokenId"


class Unhashed(S3SigV4Auth):
    """Signs everything but the content."""

    def payload(self, _request: AWSRequest) -> str:
        return "UNSIGNED-PAYLOAD"


def test_chunked_and_unhashed_bodies(local_aws: LocalAws) -> None:
    """What SDKs send when they do not know the content before they begin."""
    local_aws.client("s3").create_bucket(Bucket="streams")
    url = f"{local_aws.endpoint}/streams/key"
    request = signed(local_aws.boot_keys, AWSRequest("PUT", url), "s3", Unhashed)
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    chunks = iter([b"one ", b"two"])
    headers = {**dict(request.headers.items()), "Transfer-Encoding": "chunked"}
    connection.request("PUT", "/streams/key", chunks, headers, encode_chunked=True)
    assert connection.getresponse().status == 200
    found = local_aws.client("s3").get_object(Bucket="streams", Key="key")
    assert found["Body"].read() == b"one two"
    assert found["ETag"] == f'"{hashlib.md5(b"one two").hexdigest()}"'


def test_secrets_stay_out_of_the_log(local_aws: LocalAws) -> None:
    keys = assumed(local_aws)
    local_aws.client("sts", keys).get_caller_identity()
    text = json.dumps(local_aws.admin("GET", "log"))
    assert keys.access_key in text
    for secret in (keys.secret_key, str(keys.token), "Signature"):
        assert secret not in text
