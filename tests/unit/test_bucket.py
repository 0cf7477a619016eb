# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls on a bucket, against a client that answers as it is told."""

from __future__ import annotations

import types
import typing as t
from dataclasses import dataclass, field
from functools import partial

import pytest
from botocore.exceptions import ClientError

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _bucket, _bucket_contents
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import Clients
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket import Bucket
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_calls import BucketCalls, OtherRegionError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_settings import Versioning
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_wish import BucketWish
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import Superseded, converge
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call

OWNED = {"Bucket": "artifacts", "ExpectedBucketOwner": "123456789012"}
WISH = BucketWish("artifacts", True, (Versioning("Enabled"),), expected_bucket_owner="123456789012")


def error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "m"}}, "Operation")


@dataclass
class Events:
    """Remembers the handlers. As with botocore, the first one with an id stays."""

    by_id: dict[str, t.Callable[..., None]] = field(default_factory=dict)

    def register_first(self, _event: str, handler: t.Callable[..., None], unique_id: str) -> None:
        self.by_id.setdefault(unique_id, handler)

    @property
    def handlers(self) -> list[t.Callable[..., None]]:
        return list(self.by_id.values())


class Client:
    """Answers each operation with the next of its answers; the last one stays."""

    def __init__(self, **answers: list[t.Any]) -> None:
        self._answers = answers
        self.calls: list[str] = []
        self.meta = types.SimpleNamespace(region_name="eu-west-1", partition="aws", events=Events())

    def __getattr__(self, operation: str) -> t.Callable[..., dict[str, t.Any]]:
        def call(**_parameters: t.Any) -> dict[str, t.Any]:
            self.calls.append(operation)
            answers = self._answers[operation]
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if isinstance(answer, Exception):
                raise answer
            return dict(answer)

        return call


def bucket_on(client: Client, warnings: list[str], wish: BucketWish = WISH) -> Bucket:
    clients = Clients(lambda _service: client)
    return Bucket(clients, wish, BucketCalls(clients, wish.name), warnings.append)


def test_a_setting_that_s3_shows_late_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_bucket, "CONFIRM_DELAY", 0.0)
    client = Client(get_bucket_versioning=[{}, {}, {}, {"Status": "Enabled"}], put_bucket_versioning=[{}])
    warnings: list[str] = []
    result = converge(bucket_on(client, warnings), check_mode=False)
    assert client.calls == ["get_bucket_versioning", "put_bucket_versioning", *["get_bucket_versioning"] * 3]
    assert result["versioning"] == "Enabled"
    assert warnings == []


def test_a_setting_that_s3_never_shows_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_bucket, "CONFIRM_TIMEOUT", 0.0)
    client = Client(get_bucket_versioning=[{}], put_bucket_versioning=[{}])
    warnings: list[str] = []
    result = converge(bucket_on(client, warnings), check_mode=False)
    assert result["changed"]
    assert result["versioning"] == "Unversioned", "what AWS says, not what was wished"
    assert "still shows another value for: versioning" in warnings[0]


REDIRECT = {"ResponseMetadata": {"HTTPHeaders": {"x-amz-bucket-region": "us-west-2"}}, "Error": {"Code": "301"}}


@pytest.mark.parametrize(
    ("operation", "status", "parsed", "refused"),
    [
        ("GetBucketPolicy", 301, REDIRECT, True),
        ("HeadBucket", 400, {**REDIRECT, "Error": {"Code": "400"}}, True),
        (
            "GetBucketPolicy",
            400,
            {"Error": {"Code": "AuthorizationHeaderMalformed", "Region": "us-west-2"}},
            True,
        ),
        ("GetBucketPolicy", 400, {"Error": {"Code": "IllegalLocationConstraintException"}}, False),
        ("CreateBucket", 400, REDIRECT, False),
        ("GetBucketPolicy", 403, {**REDIRECT, "Error": {"Code": "AccessDenied"}}, False),
        ("GetBucketPolicy", 307, {"ResponseMetadata": {"HTTPHeaders": {"x-amz-bucket-region": "eu-west-1"}}}, False),
        ("GetBucketPolicy", 200, {"ResponseMetadata": {"HTTPHeaders": {"x-amz-bucket-region": "us-west-2"}}}, False),
    ],
)
def test_an_answer_from_another_region(operation: str, status: int, parsed: dict[str, t.Any], refused: bool) -> None:
    client = Client()
    bucket_on(client, [])
    handler = client.meta.events.handlers[0]
    event = {
        "response": (types.SimpleNamespace(status_code=status), parsed),
        "operation": types.SimpleNamespace(name=operation),
    }
    if not refused:
        handler(**event)
        return
    with pytest.raises(OtherRegionError, match="is in us-west-2: set region to us-west-2"):
        handler(**event)


def test_hosts_of_one_run_share_a_client_and_each_tells_its_own_bucket() -> None:
    client = Client(
        get_bucket_versioning=[OtherRegionError("us-west-2")], put_bucket_versioning=[OtherRegionError("us-west-2")]
    )
    clients = Clients(lambda _service: client)
    call = Call("s3", "put_bucket_versioning", {})
    for name in ("one", "two"):
        calls = BucketCalls(clients, name)
        for attempt in (partial(calls.read, "get_bucket_versioning", None), partial(calls.write, call)):
            with pytest.raises(MlflowError, match=f"The bucket '{name}' is in us-west-2, this run works in eu-west-1"):
                attempt()
    assert len(client.meta.events.handlers) == 1, "each bucket of a fleet would be asked about each answer"


def test_a_lost_connection_is_left_to_botocore() -> None:
    client = Client()
    bucket_on(client, [])
    client.meta.events.handlers[0](response=None, operation=types.SimpleNamespace(name="HeadBucket"))


VERSION = {"Key": "k", "VersionId": "1"}


def test_emptying_ends_when_nothing_goes_away() -> None:
    client = Client(
        list_object_versions=[{"Versions": [VERSION]}], delete_objects=[{}], list_multipart_uploads=[{"Uploads": []}]
    )
    assert _bucket_contents.delete_contents(client, OWNED) == 1
    assert client.calls.count("delete_objects") == 1


def test_emptying_passes_over_an_upload_that_ended_meanwhile() -> None:
    upload = {"Key": "k", "UploadId": "u"}
    client = Client(
        list_object_versions=[{}],
        list_multipart_uploads=[{"Uploads": [upload]}, {}],
        abort_multipart_upload=[error("NoSuchUpload")],
    )
    assert _bucket_contents.delete_contents(client, OWNED) == 1


@pytest.mark.parametrize(("code", "raised"), [("NoSuchBucket", Superseded), ("AccessDenied", ClientError)])
def test_emptying_a_bucket_that_is_gone_or_closed(code: str, raised: type[Exception]) -> None:
    with pytest.raises(raised):
        _bucket_contents.delete_contents(Client(list_object_versions=[error(code)]), OWNED)


def test_objects_that_s3_refuses_to_delete_are_named() -> None:
    refused = {"Key": "k", "VersionId": "1", "Code": "AccessDenied", "Message": "locked"}
    client = Client(
        list_object_versions=[{"Versions": [VERSION, {"Key": "free", "VersionId": "2"}]}],
        delete_objects=[{"Errors": [refused]}],
    )
    with pytest.raises(MlflowError, match=r"stopped after 1 objects: .*'k' \(version 1\): AccessDenied") as failure:
        _bucket_contents.delete_contents(client, OWNED)
    assert failure.value.details == {"deleted_objects": 1}
