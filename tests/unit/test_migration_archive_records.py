# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records of an archive: what comes out is what went in, and what is not whole is told."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import math
import typing as t
from datetime import datetime, timezone

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration import _archive_records as records
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._archive import (
    Entry,
    Index,
    files_path,
    record_path,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifact_places import (
    ArtifactFile,
    CheckedFolder,
    S3Prefix,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifacts import copy_file
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import (
    DatasetInput,
    EvaluationDataset,
    LoggedModel,
    ModelPoint,
    ModelVersion,
    Point,
    RegisteredModel,
    Run,
    Trace,
)

POINTS = [Point("größe/1", math.nan, 5, -3), Point("größe/1", math.inf, 6, 0), Point("b", -math.inf, 7, 1 << 40)]
RUN = Run(
    id="1" * 32,
    experiment_id="7",
    name="emoji 🚀 \udcff",
    user_id="",
    status="FINISHED",
    start_time=None,
    end_time=3,
    lifecycle_stage="active",
    artifact_uri="s3://b/7",
    params={"p": "x" * 6000},
    tags={},
    latest={"größe/1": POINTS[1], "b": POINTS[2]},
    datasets=(DatasetInput("d", "g", "local", "{}", None, None, {"k": "v"}),),
    model_inputs=("m-1",),
    model_outputs=(("m-2", 4),),
)
MODEL = LoggedModel(
    *("m-1", "7", "n", None, None, "READY", None, "s3://b/m", 1, 2, {}, {}),
    metrics=(ModelPoint("r", Point("k", math.nan, 1, 2), "d", None),),
)
VERSION = ModelVersion("name", 3, 1, 2, "", None, "Staging", "models:/m-1", None, None, None, "READY", {"a": "b"})
TRACE = Trace("tr-1", "7", 1, None, "OK", None, "{}", None, {}, {}, assessments=({"feedback": {"value": 1}},))


def written(kind: str, thing: t.Any, *, files: tuple[ArtifactFile, ...] = (), points: t.Any = ()) -> bytes:
    file = io.BytesIO()
    record = records.RecordWriter(file, kind, records.document(thing))
    record.files(files)
    record.points(points)
    record.end()
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "thing", "make"),
    [
        ("run", RUN, records.run),
        ("logged_model", MODEL, records.logged_model),
        ("registered_model", RegisteredModel("n", 1, 2, "", {}, {"a": 3}, (VERSION,)), records.registered_model),
        ("trace", TRACE, records.trace),
        (
            "evaluation_dataset",
            EvaluationDataset("d-1", "n", {}, ("7",), 1, None, ({"inputs": {"q": 1}},)),
            records.evaluation_dataset,
        ),
    ],
)
def test_what_comes_out_is_what_went_in(kind: str, thing: t.Any, make: t.Callable[[t.Any], t.Any]) -> None:
    document, files = records.head([written(kind, thing)], "x", kind)
    # NaN is not equal to itself, but its text is.
    assert repr(make(document)) == repr(thing)
    assert files == []
    assert written(kind, thing) == written(kind, thing), "the same thing makes the same bytes"


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_points_come_out_in_their_order_whatever_the_pieces(size: int) -> None:
    data = written("run", RUN, points=POINTS)
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    found = [point for chunk in records.points(pieces, "x") for point in chunk]
    assert repr(found) == repr(POINTS)
    assert records.end(pieces, "x").points == len(POINTS)


def test_every_line_is_json_that_every_program_reads() -> None:
    def refuse(text: str) -> t.NoReturn:
        raise AssertionError(f"{text} is no JSON")

    for line in gzip.decompress(written("run", RUN, points=POINTS)).splitlines():
        json.loads(line, parse_constant=refuse)


def test_files_are_told_with_their_checksums() -> None:
    files = tuple(ArtifactFile(f"f{number}", number, None, f"{number:064x}") for number in range(2500))
    data = written("run", RUN, files=files)
    assert records.head([data], "x", "run")[1] == list(files)
    assert records.end([data], "x") == records.End(0, 2500, sum(range(2500)))


def test_a_trace_without_spans_is_not_one_whose_spans_were_not_read() -> None:
    for spans in (None, (), ({"name": "s"},)):
        file = io.BytesIO()
        record = records.RecordWriter(file, "trace", records.document(TRACE))
        record.spans(spans)
        record.end()
        assert records.spans([file.getvalue()], "x") == spans


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_half_a_record_is_none(share: float) -> None:
    data = written("run", RUN, points=POINTS * 100)
    with pytest.raises(records.BrokenRecord, match="x is not whole"):
        records.end([data[: int(len(data) * share)]], "x")


def test_a_line_that_was_changed_is_found() -> None:
    text = gzip.decompress(written("run", RUN, points=POINTS)).replace(b'"metric":"b"', b'"metric":"c"')
    with pytest.raises(records.BrokenRecord, match="is not what its checksum says"):
        records.end([gzip.compress(text)], "x")


def test_every_flipped_byte_is_found() -> None:
    data = written("run", RUN, points=POINTS)
    expected = gzip.decompress(data)
    harmless = []
    for place in range(10, len(data)):
        broken = bytearray(data)
        broken[place] ^= 0x10
        try:
            list(records.points([bytes(broken)], "x"))
            harmless.append(gzip.decompress(bytes(broken)))
        except records.BrokenRecord:
            continue
    assert all(each == expected for each in harmless), "a bit that nothing reads may differ, and nothing else"
    assert len(harmless) <= 1


def test_a_record_of_another_version_is_refused() -> None:
    text = gzip.decompress(written("run", RUN)).replace(b'"version":1', b'"version":2')
    with pytest.raises(MlflowError, match="is of version 2 of the format"):
        records.head([gzip.compress(text)], "x", "run")


@pytest.mark.parametrize("identity", ["a/b", "..", "ä" * 200, "x" * 250, "name with spaces & more"])
def test_a_path_is_one_that_every_file_system_takes(identity: str) -> None:
    path = record_path("registered_model", "", identity, "0" * 32)
    assert path.startswith("records/registered_model/")
    assert path.count("/") == 2
    assert len(path.rpartition("/")[2].encode()) <= 255
    assert "/.." not in files_path("run", "a/../b")


def test_an_index_has_each_thing_once() -> None:
    index = Index()
    first, second = (Entry("run", "1", f"records/{each}", "7", "n") for each in "ab")
    assert index.put(first) is None
    assert index.put(second) == first
    index.put(Entry("run", "2", "x", "8", "n"))
    index.put(Entry("trace", "2", "x", "8", "n"))
    assert [each.id for each in index.entries("run")] == ["1", "2"]
    assert list(index.entries("run", "7")) == [second]
    assert index.counts() == {"run": 2, "trace": 1}
    index.close()


class Bucket:
    """One object of a bucket; C(tells) whether S3 makes a checksum of what it copies."""

    def __init__(self, content: bytes, tells: bool) -> None:
        self.content, self.tells = content, tells

    def copy_object(self, **_parameters: t.Any) -> dict[str, t.Any]:
        checksum = base64.b64encode(hashlib.sha256(self.content).digest()).decode()
        return {"CopyObjectResult": {"ETag": "e", **({"ChecksumSHA256": checksum} if self.tells else {})}}

    def list_objects_v2(self, Prefix: str, **_parameters: t.Any) -> dict[str, t.Any]:  # noqa: N803  # as boto3 calls it
        etag = hashlib.md5(self.content, usedforsecurity=False).hexdigest()
        written = datetime(2026, 1, 1, tzinfo=timezone.utc)
        return {"Contents": [{"Key": Prefix, "Size": len(self.content), "ETag": f'"{etag}"', "LastModified": written}]}


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize("content", [b"same", b"else"])
def test_a_copy_from_bucket_to_bucket_is_checked(content: bytes, tells: bool) -> None:
    etag = hashlib.md5(b"same", usedforsecurity=False).hexdigest()
    known = ArtifactFile("f", 4, etag, hashlib.sha256(b"same").hexdigest() if tells else None)
    bucket = Bucket(content, tells)
    source = CheckedFolder(S3Prefix(bucket, "archive", "files"), {"f": known})
    target = S3Prefix(bucket, "target", "7")
    if content == b"same":
        assert copy_file(source, known, target, lambda data: data) == 4
    else:
        with pytest.raises(MlflowError, match="is not what it was when it was archived"):
            copy_file(source, known, target, lambda data: data)
