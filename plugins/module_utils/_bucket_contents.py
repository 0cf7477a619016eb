# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What a bucket holds, and how it is emptied: a page at a time, so that memory stays small."""

from __future__ import annotations

import typing as t
from functools import partial

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AWS_ERRORS, read_concurrently
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_state import LISTED_AT_ONCE, Contents
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import Superseded
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError, is_error

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_calls import BucketCalls

_VERSIONS = "versions"
_UPLOADS = "uploads"


def contents_reads(calls: BucketCalls, owner: str | None) -> dict[str, Callable[[], t.Any]]:
    """The first page of both listings of a bucket."""
    return {
        _VERSIONS: partial(calls.read, "list_object_versions", owner, MaxKeys=LISTED_AT_ONCE),
        _UPLOADS: partial(calls.read, "list_multipart_uploads", owner, MaxUploads=LISTED_AT_ONCE),
    }


def first_page(answers: Mapping[str, Mapping[str, t.Any]]) -> Contents:
    """What these two answers say."""
    versions, uploads = answers[_VERSIONS], answers[_UPLOADS]
    return Contents(
        object_versions=len(versions.get("Versions", ())),
        delete_markers=len(versions.get("DeleteMarkers", ())),
        multipart_uploads=len(uploads.get("Uploads", ())),
        more=bool(versions.get("IsTruncated") or uploads.get("IsTruncated")),
    )


def delete_contents(client: t.Any, owned: Mapping[str, t.Any]) -> int:
    """Delete every version, delete marker and incomplete upload; how many there were.

    :param owned: C(Bucket) and C(ExpectedBucketOwner).
    """
    try:
        return _delete_versions(client, owned) + _abort_uploads(client, owned)
    except AWS_ERRORS as error:
        if is_error(error, ("NoSuchBucket",)):
            raise Superseded from error
        raise


def _delete_versions(client: t.Any, owned: Mapping[str, t.Any]) -> int:
    deleted = 0
    for page in _first_pages(partial(client.list_object_versions, **owned, MaxKeys=LISTED_AT_ONCE)):
        found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        objects = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in found]
        if not objects:
            break
        answer = client.delete_objects(**owned, Delete={"Objects": objects, "Quiet": True})
        errors = answer.get("Errors", ())
        deleted += len(objects) - len(errors)
        if errors:
            raise MlflowError(_explain(owned["Bucket"], errors, deleted), deleted_objects=deleted)
    return deleted


def _abort_uploads(client: t.Any, owned: Mapping[str, t.Any]) -> int:
    aborted = 0
    for page in _first_pages(partial(client.list_multipart_uploads, **owned, MaxUploads=LISTED_AT_ONCE)):
        uploads = page.get("Uploads", ())
        aborts = {upload["UploadId"]: partial(_abort_upload, client, owned, upload) for upload in uploads}
        if not aborts:
            break
        read_concurrently(aborts)
        aborted += len(aborts)
    return aborted


def _first_pages(listing: Callable[[], dict[str, t.Any]]) -> Iterator[dict[str, t.Any]]:
    """The first page again and again, for what it showed is deleted meanwhile. Ends when it no longer changes:
    DeleteBucket then tells that something is left.
    """
    last: dict[str, t.Any] | None = None
    while True:
        page = listing()
        page.pop("ResponseMetadata", None)
        if page == last:
            return
        yield page
        last = page


def _abort_upload(client: t.Any, owned: Mapping[str, t.Any], upload: Mapping[str, t.Any]) -> None:
    """An upload that was completed or aborted meanwhile is no fault: DeleteBucket tells whether anything is left."""
    try:
        client.abort_multipart_upload(**owned, Key=upload["Key"], UploadId=upload["UploadId"])
    except AWS_ERRORS as error:
        if not is_error(error, ("NoSuchUpload",)):
            raise


def _explain(bucket: str, errors: t.Sequence[Mapping[str, str]], deleted: int) -> str:
    first = errors[0]
    return (
        f"Emptying the bucket '{bucket}' stopped after {deleted} objects: S3 refused {len(errors)} of the next, the first "
        f"'{first.get('Key')}' (version {first.get('VersionId')}): {first.get('Code')}: {first.get('Message')}. Allow "
        "s3:DeleteObjectVersion to the caller, or wait until Object Lock lets go of them, and repeat the run."
    )
