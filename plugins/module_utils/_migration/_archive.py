# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""An archive of an MLflow, in a folder or under a prefix of a bucket.

    archive.json                 what it is of, and the name and checksum of the index; written last
    index.<checksum>.jsonl.gz    a line for each record that counts
    records/<kind>/...           one record for each thing, under its id and a digest of what it was
    files/<kind>/<id>/...        the files of runs and logged models

Everything is written under a new name and found by the index, so an archive is whole at any moment: what an interrupted
run has written is taken up by the next one.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import sqlite3
import tempfile
import threading
import typing as t
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AWS_ERRORS
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError, is_error
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration import _archive_records as records
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifact_places import (
    CHUNK,
    LocalFolder,
    S3Prefix,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifacts import until_it_works

if t.TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifact_places import ArtifactFile

Store: t.TypeAlias = "LocalFolder | S3Prefix"
Result = t.TypeVar("Result")

SCHEMES = ("file", "s3")
MANIFEST = "archive.json"
RECORDS = "records"
IN_MEMORY = 1 << 20
"""Bytes of a record that are held in memory; more of it is in a file of this machine."""
ROWS = 1000

_TABLE = """
CREATE TABLE entries (kind TEXT, id TEXT, path TEXT, experiment_id TEXT, name TEXT, points INT, files INT, bytes INT, modified REAL,
PRIMARY KEY (kind, id));
CREATE INDEX entries_of_experiment ON entries (kind, experiment_id, id);
CREATE TABLE found (path TEXT PRIMARY KEY);
"""


@dataclass(frozen=True)
class Entry:
    """One record that counts.

    :param path: where it is; it ends with the digest of what the thing was.
    :param points: metric points that are in it.
    :param files: how many files the thing has, of C(bytes) together.
    :param modified: when the last of them was written, in seconds since 1970; 0 where the source does not say.
    """

    kind: str
    id: str
    path: str
    experiment_id: str
    name: str
    points: int = 0
    files: int = 0
    bytes: int = 0
    modified: float = 0.0


class Index:
    """What is in an archive, in a file of this machine instead of memory. May be used by many threads."""

    def __init__(self) -> None:
        # An empty name is SQLite's for a file that it makes, and removes when it is closed.
        self._connection = sqlite3.connect("", check_same_thread=False)
        self._connection.executescript(_TABLE)
        self._lock = threading.Lock()

    def put(self, entry: Entry) -> Entry | None:
        """Another one, in the place of that of the same thing, which is returned."""
        before = self.get(entry.kind, entry.id)
        row = tuple(asdict(entry).values())
        with self._lock:
            self._connection.execute("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        return before

    def get(self, kind: str, identity: str) -> Entry | None:
        """The record of one thing."""
        with self._lock:
            query = "SELECT * FROM entries WHERE kind = ? AND id = ?"
            row = self._connection.execute(query, (kind, identity)).fetchone()
        return None if row is None else Entry(*row)

    def entries(self, kind: str = "", experiment_id: str | None = None) -> Iterator[Entry]:
        """All of them by kind and id, a bounded number in memory."""
        last = (kind, "")
        which = {"kind": kind} if experiment_id is None else {"kind": kind, "experiment_id": experiment_id}
        if not kind:
            which = {}
        where = " AND ".join(["(kind, id) > (?, ?)", *(f"{column} = ?" for column in which)])
        query = f"SELECT * FROM entries WHERE {where} ORDER BY kind, id LIMIT {ROWS}"
        while True:
            with self._lock:
                rows = self._connection.execute(query, (*last, *which.values())).fetchall()
            if not rows:
                return
            yield from (Entry(*row) for row in rows)
            last = (rows[-1][0], rows[-1][1])

    def counts(self) -> dict[str, int]:
        """How many there are of each kind."""
        with self._lock:
            return dict(self._connection.execute("SELECT kind, COUNT(*) FROM entries GROUP BY kind ORDER BY kind"))

    def note_found(self, paths: Iterable[str]) -> None:
        """Records that are there, whether or not they count."""
        with self._lock:
            self._connection.executemany("INSERT OR IGNORE INTO found VALUES (?)", ((path,) for path in paths))

    def is_found(self, path: str) -> bool:
        """Whether a record was there."""
        with self._lock:
            return self._connection.execute("SELECT 1 FROM found WHERE path = ?", (path,)).fetchone() is not None

    def close(self) -> None:
        """Let it go."""
        with self._lock:
            self._connection.close()


def archive_at(option: str, uri: str, s3: Callable[[], t.Any]) -> Archive:
    """The archive that a URI names. Raises MlflowError for one that cannot be meant."""
    parts = urlsplit(uri)
    path = unquote(parts.path)
    if parts.scheme == "s3" and parts.netloc:
        return Archive(S3Prefix(s3(), parts.netloc, parts.path.strip("/")), uri)
    if parts.scheme == "file" and parts.netloc in ("", "localhost") and path.startswith("/") and path.strip("/"):
        return Archive(LocalFolder(Path(path)), uri)
    raise MlflowError(
        f"{option}: '{uri}' names no archive: write file:///srv/mlflow-archive or s3://bucket/mlflow-archive."
    )


class Archive:
    """One archive."""

    def __init__(self, store: Store, uri: str) -> None:
        self.store = store
        self.uri = uri
        self.index = Index()
        self.about: dict[str, t.Any] | None = None

    def load(self) -> bool:
        """Read the index; whether there is an archive. Raises MlflowError when it is not one that can be read."""
        if self.store.stat(MANIFEST) is None:
            return False
        try:
            about = json.loads(self._content(MANIFEST))
            is_one = isinstance(about, dict) and about.get("format") == records.FORMAT
        except ValueError:
            is_one = False
        if not is_one:
            raise MlflowError(f"{self.uri} is no archive of this collection: its archive.json says something else.")
        if about["version"] != records.VERSION:
            raise MlflowError(
                f"{self.uri} is an archive of version {about['version']} of the format, and this release of the "
                f"collection reads version {records.VERSION}. Use the release that wrote it, or a newer one."
            )
        content = self._content(about["index"]["path"])
        if hashlib.sha256(content).hexdigest() != about["index"]["sha256"]:
            raise MlflowError(f"{self.uri} is damaged: {about['index']['path']} is not what its checksum says.")
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as lines:
            for line in lines:
                self.index.put(Entry(**json.loads(line)))
        self.about = about
        return True

    def find_records(self) -> None:
        """Look which records there are, for those that an interrupted run left."""
        self.index.note_found(f"{RECORDS}/{file.path}" for file in self.store.below(RECORDS).files())

    def _content(self, path: str) -> bytes:
        return until_it_works(lambda: b"".join(self.store.read(path)))

    def save(self, about: dict[str, t.Any]) -> None:
        """Write the index and, last of all, what makes it count."""
        with tempfile.TemporaryFile() as file:
            with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as index:
                for entry in self.index.entries():
                    index.write(json.dumps(asdict(entry), ensure_ascii=False).encode() + b"\n")
            checksum = _checksum(file)
            path = f"index.{checksum[:16]}.jsonl.gz"
            self._write_file(path, file)
        document = {
            "format": records.FORMAT,
            "version": records.VERSION,
            "index": {"path": path, "sha256": checksum},
            **about,
        }
        content = (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()
        until_it_works(lambda: self.store.write(MANIFEST, len(content), iter([content])))
        before = (self.about or {}).get("index", {}).get("path")
        if before and before != path:
            self.store.remove(before)
        self.about = document

    def write(self, path: str, fill: Callable[[t.IO[bytes]], Result]) -> Result:
        """A record as a whole, by way of a file of this machine."""
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as file:
            result = fill(t.cast("t.IO[bytes]", file))
            self._write_file(path, t.cast("t.IO[bytes]", file))
        return result

    def _write_file(self, path: str, file: t.IO[bytes]) -> None:
        size = file.tell()

        def write() -> None:
            file.seek(0)
            self.store.write(path, size, _pieces(file))

        try:
            until_it_works(write)
        except OSError as error:
            raise MlflowError(
                f"{self.uri}: {path} cannot be written: {error}. Free space or rights, then repeat the run."
            ) from error

    def read(self, entry: Entry, take: Callable[[Iterable[bytes], str], Result]) -> Result:
        """What C(take) makes of the beginning of a record; repeated when the connection breaks."""
        return until_it_works(lambda: self._take(entry.path, take))

    def _take(self, path: str, take: Callable[[Iterable[bytes], str], Result]) -> Result:
        with closing(self._pieces_of(path)) as content:
            return take(content, self._name(path))

    def _name(self, path: str) -> str:
        return f"{self.uri.rstrip('/')}/{path}"

    def _pieces_of(self, path: str) -> Generator[bytes, None, None]:
        try:
            yield from self.store.read(path)
        except FileNotFoundError as error:
            raise records.BrokenRecord(f"{self._name(path)} is missing.") from error
        except AWS_ERRORS as error:
            if is_error(error, ("NoSuchKey", "404")):
                raise records.BrokenRecord(f"{self._name(path)} is missing.") from error
            raise

    def stream(self, entry: Entry, take: Callable[[Iterable[bytes], str], Iterator[Result]]) -> Iterator[Result]:
        """What C(take) makes of a record, a piece at a time, from a copy of it, because half of it cannot be taken back."""
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as copy:
            file = t.cast("t.IO[bytes]", copy)

            def fetch() -> None:
                file.seek(0)
                file.truncate()
                for chunk in self._pieces_of(entry.path):
                    file.write(chunk)

            until_it_works(fetch)
            file.seek(0)
            yield from take(_pieces(file), self._name(entry.path))

    def head(self, entry: Entry) -> tuple[dict[str, t.Any], list[ArtifactFile]]:
        """The thing itself and its files."""
        return self.read(entry, lambda content, what: records.head(content, what, entry.kind))

    def close(self) -> None:
        """Let the index go."""
        self.index.close()


def record_path(kind: str, experiment_id: str, identity: str, digest: str) -> str:
    """Where the record of a thing is, as long as the thing is what it is."""
    group = f"{quote(experiment_id, safe='')}/" if experiment_id else ""
    name = quote(identity, safe="")
    if len(name) > 100 or name.startswith("."):
        # File systems take names of 255 bytes, and the names of registered models may be longer.
        name = hashlib.sha256(identity.encode()).hexdigest()
    return f"{RECORDS}/{kind}/{group}{name}.{digest}.jsonl.gz"


def files_path(kind: str, identity: str) -> str:
    """Where the files of a run or logged model are."""
    return f"files/{kind}/{quote(identity, safe='')}"


def _pieces(file: t.IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk


def _checksum(file: t.IO[bytes]) -> str:
    checksum = hashlib.sha256()
    file.seek(0)
    for chunk in _pieces(file):
        checksum.update(chunk)
    return checksum.hexdigest()
