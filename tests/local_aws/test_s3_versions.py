# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of versions, also while a client deletes what it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from local_callers import LocalAws

BUCKET = "versions"
PAGE_SIZES = [1, 2, 3, 100]


@pytest.fixture
def s3(local_aws: LocalAws) -> Any:
    """A bucket with three versions of some keys, and a delete marker."""
    client = local_aws.client("s3")
    client.create_bucket(Bucket=BUCKET)
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for key in ("a", "b/1", "b/2", "c", "ä"):
        for content in ("first", "second", "third"):
            client.put_object(Bucket=BUCKET, Key=key, Body=content)
    client.delete_object(Bucket=BUCKET, Key="c")
    return client


def versions(answer: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["Key"], each["VersionId"]) for kind in ("Versions", "DeleteMarkers") for each in answer.get(kind, [])]


@pytest.mark.parametrize("size", PAGE_SIZES)
def test_pages_are_the_whole(s3: Any, size: int) -> None:
    whole = s3.list_object_versions(Bucket=BUCKET)
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=BUCKET, PaginationConfig={"PageSize": size})
    assert sorted(each for page in pages for each in versions(page)) == sorted(versions(whole))
    latest = {each["Key"]: each for each in whole["Versions"] + whole["DeleteMarkers"] if each["IsLatest"]}
    assert sorted(latest) == ["a", "b/1", "b/2", "c", "ä"]
    assert latest["c"]["VersionId"] == whole["DeleteMarkers"][0]["VersionId"]
    newest = latest["a"]["VersionId"]
    assert s3.get_object(Bucket=BUCKET, Key="a", VersionId=newest)["Body"].read() == b"third"


@pytest.mark.parametrize("size", PAGE_SIZES)
def test_deleting_page_by_page_empties_the_bucket(s3: Any, size: int) -> None:
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=BUCKET, PaginationConfig={"PageSize": size})
    for page in pages:
        objects = [{"Key": key, "VersionId": version} for key, version in versions(page)]
        s3.delete_objects(Bucket=BUCKET, Delete={"Objects": objects})
    s3.delete_bucket(Bucket=BUCKET)


@pytest.mark.parametrize("size", PAGE_SIZES)
def test_prefixes_stand_for_their_keys(s3: Any, size: int) -> None:
    found, prefixes = [], []
    options: dict[str, str] = {}
    while True:
        page = s3.list_object_versions(Bucket=BUCKET, Delimiter="/", MaxKeys=size, **options)
        found += [key for key, _unused in versions(page)]
        prefixes += [each["Prefix"] for each in page.get("CommonPrefixes", [])]
        if not page["IsTruncated"]:
            break
        markers = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page.get("NextVersionIdMarker")}
        options = {name: value for name, value in markers.items() if value}
    assert (sorted(found), prefixes) == (["a"] * 3 + ["c"] * 4 + ["ä"] * 3, ["b/"])


def test_a_key_marker_alone_begins_after_the_key(s3: Any) -> None:
    page = s3.list_object_versions(Bucket=BUCKET, KeyMarker="b/1", Prefix="b/")
    assert {key for key, _unused in versions(page)} == {"b/2"}


def test_objects_of_an_unversioned_bucket(local_aws: LocalAws) -> None:
    client = local_aws.client("s3")
    client.create_bucket(Bucket=BUCKET)
    for key in ("a", "b", "c"):
        client.put_object(Bucket=BUCKET, Key=key, Body=b"")
    pages = client.get_paginator("list_object_versions").paginate(Bucket=BUCKET, PaginationConfig={"PageSize": 1})
    assert [each for page in pages for each in versions(page)] == [("a", "null"), ("b", "null"), ("c", "null")]
