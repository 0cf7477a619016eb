# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Places that hold files: a folder of this machine, a prefix in a bucket."""

from __future__ import annotations

import base64
import hashlib
import os
import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

if t.TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 1 << 20
PART = 8 << 20
"""Bytes of one part of an upload; also what a whole small file may take in memory."""
MOST_PARTS = 10_000
COPY_LIMIT = 5 << 30
"""S3 copies an object up to this size in one call."""
COPY_PART = 512 << 20
COPIES_AT_ONCE = 4
"""Parts or files that S3 copies at the same time for one run; several runs move at the same time."""


@dataclass(frozen=True)
class ArtifactFile:
    """One file.

    :param path: relative to its place, with slashes.
    :param etag: what S3 says of its content; None elsewhere.
    :param sha256: of its content, where that is known without reading it.
    :param modified: when it was written, in seconds since 1970; 0 where nobody says.
    """

    path: str
    size: int
    etag: str | None = None
    sha256: str | None = None
    modified: float = field(default=0.0, compare=False)

    def was_written_after(self, copy: ArtifactFile) -> bool:
        """Whether a copy is older, so that it may be one of what was here before."""
        return bool(copy.modified) and self.modified > copy.modified


class Place(t.Protocol):
    """Files under one name."""

    def files(self) -> Iterator[ArtifactFile]:
        """All of them, in all folders; none when there is no such place."""

    def read(self, path: str) -> Iterator[bytes]:
        """A file, a piece at a time."""

    def write(self, path: str, size: int, content: Iterator[bytes]) -> None:
        """A file as a whole; another one of that name is replaced."""


@dataclass(frozen=True)
class LocalFolder:
    """A folder of this machine."""

    root: Path

    def files(self) -> Iterator[ArtifactFile]:
        """Links are followed as MLflow follows them."""
        if self.root.is_file():
            yield _on_disk("", self.root)
            return
        for folder, subfolders, names in os.walk(self.root):
            subfolders.sort()
            for name in sorted(names):
                path = Path(folder, name)
                yield _on_disk(path.relative_to(self.root).as_posix(), path)

    def read(self, path: str) -> Iterator[bytes]:
        """Opened when the first piece is asked for."""
        with (self.root / path).open("rb") as content:
            while chunk := content.read(CHUNK):
                yield chunk

    def write(self, path: str, size: int, content: Iterator[bytes]) -> None:
        """Under another name first, so that what lies there under its own is whole."""
        final = self.root / path
        final.parent.mkdir(parents=True, exist_ok=True)
        # Not the name and more: it may be as long as names can be.
        partial = final.with_name(f".{hashlib.sha256(final.name.encode()).hexdigest()[:32]}.partial")
        try:
            with partial.open("wb") as file:
                for chunk in content:
                    file.write(chunk)
            if partial.stat().st_size != size:
                raise OSError(f"{path} broke off: it has {size} bytes")
            partial.replace(final)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise

    def below(self, path: str) -> LocalFolder:
        """A folder in it."""
        return LocalFolder(self.root / path)

    def stat(self, path: str) -> ArtifactFile | None:
        """One file; None when there is none."""
        file = self.root / path
        return _on_disk(path, file) if file.is_file() else None

    def remove(self, path: str) -> None:
        """Without a file, whether or not it was there."""
        (self.root / path).unlink(missing_ok=True)


@dataclass(frozen=True)
class S3Prefix:
    """A prefix in a bucket. The client's retries are botocore's."""

    client: t.Any = field(repr=False)
    bucket: str
    prefix: str

    def files(self) -> Iterator[ArtifactFile]:
        """Objects that end with a slash are what consoles make of folders."""
        start = f"{self.prefix}/" if self.prefix else ""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=start)
        for page in pages:
            for item in page.get("Contents", ()):
                if not item["Key"].endswith("/"):
                    yield _object(item["Key"][len(start) :], item)

    def read(self, path: str) -> Iterator[bytes]:
        """The object, a piece at a time."""
        body = self.client.get_object(Bucket=self.bucket, Key=self.key(path))["Body"]
        try:
            yield from body.iter_chunks(CHUNK)
        finally:
            body.close()

    def write(self, path: str, size: int, content: Iterator[bytes]) -> None:
        """A small file in one call, a large one in parts."""
        if size <= PART:
            self.client.put_object(Bucket=self.bucket, Key=self.key(path), Body=b"".join(content))
            return
        part_size = max(PART, -(-size // MOST_PARTS))
        self._in_parts(
            path, lambda upload, number, part: self._upload(path, upload, number, part), parts(content, part_size)
        )

    def below(self, path: str) -> S3Prefix:
        """A prefix that begins with it."""
        return S3Prefix(self.client, self.bucket, self.key(path))

    def stat(self, path: str) -> ArtifactFile | None:
        """One object; None when there is none."""
        key = self.key(path)
        for item in self.client.list_objects_v2(Bucket=self.bucket, Prefix=key, MaxKeys=1).get("Contents", ()):
            if item["Key"] == key:
                return _object(path, item)
        return None

    def remove(self, path: str) -> None:
        """Without an object, whether or not it was there."""
        self.client.delete_object(Bucket=self.bucket, Key=self.key(path))

    def copy(self, source: S3Prefix, file: ArtifactFile) -> str | None:
        """From bucket to bucket, without the bytes coming here; the SHA-256 that S3 made of them, if it made one."""
        origin = {"Bucket": source.bucket, "Key": source.key(file.path)}
        if file.size <= COPY_LIMIT:
            target = {"Bucket": self.bucket, "Key": self.key(file.path)}
            answer = self.client.copy_object(**target, CopySource=origin, ChecksumAlgorithm="SHA256")
            checksum = answer.get("CopyObjectResult", {}).get("ChecksumSHA256")
            return base64.b64decode(checksum).hex() if checksum else None
        size = max(COPY_PART, -(-file.size // MOST_PARTS))
        ranges = (f"bytes={start}-{min(start + size, file.size) - 1}" for start in range(0, file.size, size))
        with ThreadPoolExecutor(COPIES_AT_ONCE) as pool:
            self._in_parts(
                file.path,
                lambda upload, number, part: self._copy(file.path, origin, upload, number, part),
                ranges,
                pool.map,
            )
        return None

    def key(self, path: str) -> str:
        """The object's key; the place itself may be an object."""
        return "/".join(part for part in (self.prefix, path) if part)

    def _in_parts(
        self,
        path: str,
        send: t.Callable[[str, int, t.Any], str],
        pieces: t.Iterable[t.Any],
        each: t.Callable[..., t.Iterable[str]] = map,
    ) -> None:
        target = {"Bucket": self.bucket, "Key": self.key(path)}
        upload = self.client.create_multipart_upload(**target)["UploadId"]
        try:
            etags = each(lambda numbered: send(upload, *numbered), enumerate(pieces, start=1))
            sent = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, start=1)]
            self.client.complete_multipart_upload(**target, UploadId=upload, MultipartUpload={"Parts": sent})
        except BaseException:
            # What is left of an upload costs money and is shown nowhere.
            self.client.abort_multipart_upload(**target, UploadId=upload)
            raise

    def _upload(self, path: str, upload: str, number: int, part: bytes) -> str:
        return str(
            self.client.upload_part(
                Bucket=self.bucket, Key=self.key(path), UploadId=upload, PartNumber=number, Body=part
            )["ETag"]
        )

    def _copy(self, path: str, origin: dict[str, str], upload: str, number: int, part: str) -> str:
        answer = self.client.upload_part_copy(
            Bucket=self.bucket,
            Key=self.key(path),
            UploadId=upload,
            PartNumber=number,
            CopySource=origin,
            CopySourceRange=part,
        )
        return str(answer["CopyPartResult"]["ETag"])


def _on_disk(path: str, file: Path) -> ArtifactFile:
    now = file.stat()
    return ArtifactFile(path, now.st_size, modified=now.st_mtime)


def _object(path: str, item: dict[str, t.Any]) -> ArtifactFile:
    return ArtifactFile(path, item["Size"], item["ETag"].strip('"'), modified=item["LastModified"].timestamp())


def parts(content: Iterator[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in pieces of one size, but for the last."""
    waiting = bytearray()
    for chunk in content:
        waiting += chunk
        while len(waiting) >= size:
            yield bytes(waiting[:size])
            del waiting[:size]
    if waiting:
        yield bytes(waiting)


@dataclass(frozen=True)
class CheckedFolder:
    """A folder whose files are known: what they are now must be what they were.

    :param expected: size, ETag and SHA-256 of each file.
    :param is_listed: tell what is there; otherwise what should be, which costs nothing.
    """

    folder: LocalFolder | S3Prefix
    expected: dict[str, ArtifactFile]
    is_listed: bool = False

    def files(self) -> Iterator[ArtifactFile]:
        """Those that are known."""
        if not self.is_listed:
            yield from self.expected.values()
            return
        for file in self.folder.files():
            if file.path in self.expected:
                yield file

    def read(self, path: str) -> Iterator[bytes]:
        """The file, a piece at a time. Raises MlflowError at its end when it is another one."""
        known = self.expected[path]
        checksum, size = hashlib.sha256(), 0
        for chunk in self.folder.read(path):
            checksum.update(chunk)
            size += len(chunk)
            yield chunk
        if size != known.size or known.sha256 not in (None, checksum.hexdigest()):
            raise MlflowError(f"{path} is not what it was when it was archived: {size} bytes with another checksum.")

    def check_copy(self, path: str, sha256: str | None) -> None:
        """After a copy from bucket to bucket. Raises MlflowError when another file than the known one was copied."""
        known = self.expected[path]
        if sha256 and known.sha256:
            is_same = sha256 == known.sha256
        else:
            now = self.folder.stat(path)
            is_same = now is not None and now.size == known.size and known.etag in (None, now.etag)
        if not is_same:
            raise MlflowError(f"{path} is not what it was when it was archived: it has another checksum.")

    def write(self, path: str, size: int, content: Iterator[bytes]) -> None:  # noqa: ARG002  # as every place has it
        """Refused: an archive is written by what keeps its index."""
        raise MlflowError(f"{path} of an archive cannot be written by itself.")


CHEAP = (LocalFolder, S3Prefix, CheckedFolder)
"""Places whose files are listed without a request to an MLflow server."""
