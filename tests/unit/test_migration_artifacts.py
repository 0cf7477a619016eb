# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files: in one piece when they are small, in parts when they are large, from bucket to bucket without coming here."""

from __future__ import annotations

import itertools
import time
import typing as t

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration import _artifacts as artifacts
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifact_places import (
    COPY_LIMIT,
    PART,
    ArtifactFile,
    LocalFolder,
    S3Prefix,
    parts,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifact_servers import ProxiedFolder
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_api import ApiError, LostAnswer

if t.TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GIGABYTE = 1 << 30


class S3:
    """Notes the calls; a part that C(broken) names is refused."""

    def __init__(self, broken: int = 0) -> None:
        self.calls: list[tuple[str, dict[str, t.Any]]] = []
        self.broken = broken

    def __getattr__(self, name: str) -> t.Callable[..., dict[str, t.Any]]:
        def call(**parameters: t.Any) -> dict[str, t.Any]:
            self.calls.append((name, parameters))
            if parameters.get("PartNumber") == self.broken:
                raise OSError("broken")
            return {"UploadId": "u", "ETag": "e", "CopyPartResult": {"ETag": "e"}}

        return call

    @property
    def names(self) -> list[str]:
        return [name for name, _parameters in self.calls]


def zeros(size: int) -> Iterator[bytes]:
    for start in range(0, size, 1 << 20):
        yield bytes(min(1 << 20, size - start))


@pytest.mark.parametrize(
    ("size", "calls"),
    [
        (0, ["put_object"]),
        (PART, ["put_object"]),
        (2 * PART + 1, ["create_multipart_upload", *["upload_part"] * 3, "complete_multipart_upload"]),
    ],
)
def test_a_file_goes_up_in_as_few_calls_as_memory_allows(size: int, calls: list[str]) -> None:
    s3 = S3()
    S3Prefix(s3, "bucket", "7/run/artifacts").write("model/data.bin", size, zeros(size))
    assert s3.names == calls
    assert sum(len(parameters.get("Body", b"")) for _name, parameters in s3.calls) == size
    assert {parameters["Key"] for _name, parameters in s3.calls} == {"7/run/artifacts/model/data.bin"}


@pytest.mark.parametrize(("size", "parts_of_copy"), [(COPY_LIMIT, 0), (COPY_LIMIT + 1, 11), (50 * GIGABYTE, 100)])
def test_a_file_moves_from_bucket_to_bucket_without_coming_here(size: int, parts_of_copy: int) -> None:
    s3 = S3()
    S3Prefix(s3, "new", "x").copy(S3Prefix(S3(), "old", "y"), ArtifactFile("model.bin", size))
    ranges = [parameters["CopySourceRange"] for name, parameters in s3.calls if name == "upload_part_copy"]
    assert len(ranges) == parts_of_copy
    if not ranges:
        where = {"Bucket": "new", "Key": "x/model.bin", "CopySource": {"Bucket": "old", "Key": "y/model.bin"}}
        assert s3.calls == [("copy_object", {**where, "ChecksumAlgorithm": "SHA256"})]
        return
    # They are copied at the same time, so they may come in any order.
    edges = sorted(tuple(map(int, each.removeprefix("bytes=").split("-"))) for each in ranges)
    assert edges[0][0] == 0 and edges[-1][1] == size - 1
    assert all(before[1] + 1 == after[0] for before, after in itertools.pairwise(edges))


def test_a_copy_in_parts_is_put_together_in_order_and_leaves_nothing_behind_when_a_part_fails() -> None:
    class InParts(S3):
        def upload_part_copy(self, **parameters: t.Any) -> dict[str, t.Any]:
            number = parameters["PartNumber"]
            time.sleep(0.002 * (5 - number % 5))
            if number == self.broken:
                raise OSError("broken")
            return {"CopyPartResult": {"ETag": f"etag-{number}"}}

    s3, file = InParts(), ArtifactFile("model.bin", 6 * GIGABYTE)
    S3Prefix(s3, "new", "x").copy(S3Prefix(S3(), "old", "y"), file)
    parts_of_copy = s3.calls[-1][1]["MultipartUpload"]["Parts"]
    assert [part["ETag"] for part in parts_of_copy] == [f"etag-{number}" for number in range(1, 13)]
    assert [part["PartNumber"] for part in parts_of_copy] == list(range(1, 13))
    broken = InParts(broken=7)
    with pytest.raises(OSError, match="broken"):
        S3Prefix(broken, "new", "x").copy(S3Prefix(S3(), "old", "y"), file)
    assert broken.names[-1] == "abort_multipart_upload"


def test_an_upload_that_breaks_leaves_nothing_behind() -> None:
    s3 = S3(broken=2)
    with pytest.raises(OSError, match="broken"):
        S3Prefix(s3, "bucket", "x").write("f", 3 * PART, zeros(3 * PART))
    assert s3.names[-1] == "abort_multipart_upload"
    assert "complete_multipart_upload" not in s3.names


@pytest.mark.parametrize("size", [0, 1, 9, 10, 11, 100])
def test_pieces_are_the_same_bytes(size: int) -> None:
    content = bytes(range(size))
    pieces = list(parts(iter([content[:7], content[7:8], content[8:]]), 10))
    assert b"".join(pieces) == content
    assert all(len(piece) == 10 for piece in pieces[:-1])


def test_a_folder_holds_whole_files_only(tmp_path: Path) -> None:
    folder = LocalFolder(tmp_path / "new")
    folder.write("a/ü 100%.txt", 3, iter([b"ab", b"c"]))
    assert list(folder.files()) == [ArtifactFile("a/ü 100%.txt", 3)]
    assert b"".join(folder.read("a/ü 100%.txt")) == b"abc"
    with pytest.raises(OSError, match="broke off"):
        folder.write("b", 10, iter([b"ab"]))
    assert [file.path for file in folder.files()] == ["a/ü 100%.txt"]


@pytest.mark.parametrize(
    "passing", [LostAnswer(OSError("reset")), ConnectionResetError(), ApiError("slow down", 429, "")]
)
def test_what_may_pass_is_tried_again(passing: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    outcomes = iter([passing, passing, None])

    def action() -> str:
        outcome = next(outcomes)
        if outcome:
            raise outcome
        return "done"

    assert artifacts.until_it_works(action) == "done"


@pytest.mark.parametrize("final", [FileNotFoundError(), PermissionError(), ApiError("gone", 404, "")])
def test_what_will_not_pass_is_told_at_once(final: Exception) -> None:
    tries: list[int] = []

    def action() -> None:
        tries.append(1)
        raise final

    with pytest.raises(type(final)):
        artifacts.until_it_works(action)
    assert len(tries) == 1


@pytest.mark.parametrize(
    ("store", "uri", "place"),
    [
        ({}, "s3://bucket/1/run/artifacts", S3Prefix),
        ({"api": t.cast("t.Any", object())}, "mlflow-artifacts:/1/run/artifacts", ProxiedFolder),
        ({"destination": "/srv/artifacts", "is_local": True}, "mlflow-artifacts:/1/run", LocalFolder),
        ({"destination": "s3://old/prefix"}, "mlflow-artifacts://host:5000/1/run", S3Prefix),
        ({"is_local": True}, "file:///srv/mlruns/1", LocalFolder),
        ({"is_local": True}, "/srv/mlruns/1", LocalFolder),
    ],
)
def test_where_files_are(store: dict[str, t.Any], uri: str, place: type) -> None:
    assert isinstance(artifacts.ArtifactStore(S3, **store).place(uri), place)


@pytest.mark.parametrize("uri", ["mlflow-artifacts:/1/run", "gs://bucket/1", "/srv/mlruns/1"])
def test_files_that_cannot_be_reached_are_told_how_to(uri: str) -> None:
    with pytest.raises(MlflowError, match="artifacts_destination"):
        artifacts.ArtifactStore(S3).place(uri)
