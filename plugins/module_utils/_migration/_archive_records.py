# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The records of an archive: one thing of MLflow each, as compressed lines of JSON with a checksum at their end.

The first line is the thing itself, then come its files, then what may be long (histories, spans), then the end.
docs/migration.md describes the format for those who read it without this collection.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import typing as t
import zlib
from dataclasses import asdict, dataclass
from itertools import groupby

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifact_places import ArtifactFile
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import (
    DatasetInput,
    EvaluationDataset,
    Experiment,
    LoggedModel,
    ModelPoint,
    ModelVersion,
    Point,
    RegisteredModel,
    Run,
    Trace,
    json_number,
    number,
)

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Document = dict[str, t.Any]

FORMAT = "mlops.sagemaker_mlflow archive"
VERSION = 1
LINES_AT_ONCE = 1000
"""Points, files or spans in one line."""


class BrokenRecord(MlflowError):  # noqa: N818  # says what it is
    """What an archive holds is not what was written into it."""


@dataclass(frozen=True)
class End:
    """What the last line of a record says of the others."""

    points: int = 0
    files: int = 0
    bytes: int = 0


class RecordWriter:
    """Writes one record into a file that is open for bytes. The same thing makes the same bytes."""

    def __init__(self, file: t.IO[bytes], kind: str, document: Document) -> None:
        self._file = gzip.GzipFile(filename="", mode="wb", compresslevel=5, fileobj=file, mtime=0)
        self._checksum = hashlib.sha256()
        self._points = self._files = self._bytes = 0
        self._line({"kind": kind, "version": VERSION, kind: document})

    def files(self, files: Sequence[ArtifactFile]) -> None:
        """Its files, with what their content was."""
        rows = [[file.path, file.size, file.sha256, file.etag, file.modified] for file in files]
        for start in range(0, len(rows), LINES_AT_ONCE):
            self._line({"files": rows[start : start + LINES_AT_ONCE]})
        self._files += len(rows)
        self._bytes += sum(file.size for file in files)

    def points(self, points: Iterable[Point]) -> None:
        """Some of its metric points."""
        for key, some in groupby(points, key=lambda point: point.key):
            rows = [[json_number(value), timestamp, step] for _key, value, timestamp, step in some]
            self._line({"metric": key, "points": rows})
            self._points += len(rows)

    def spans(self, spans: tuple[Document, ...] | None) -> None:
        """The spans of a trace; none is another thing than none that could be read."""
        if spans is None:
            return
        for start in range(0, max(len(spans), 1), LINES_AT_ONCE):
            self._line({"spans": list(spans[start : start + LINES_AT_ONCE])})

    def end(self) -> End:
        """Close the record."""
        end = End(self._points, self._files, self._bytes)
        last = {"end": {**asdict(end), "sha256": self._checksum.hexdigest()}}
        self._line(last)
        self._file.close()
        return end

    def _line(self, document: Document) -> None:
        line = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"
        self._checksum.update(line)
        self._file.write(line)


def lines(content: Iterable[bytes], what: str) -> Iterator[Document]:
    """The lines of a record as they come. Raises BrokenRecord when it is not whole."""
    checksum = hashlib.sha256()
    is_over = False
    for line in _raw_lines(content, what):
        try:
            document: Document = json.loads(line)
        except ValueError:
            raise BrokenRecord(f"{what} is damaged: a line of it is no JSON.") from None
        is_over = "end" in document
        if is_over and document["end"].get("sha256") != checksum.hexdigest():
            raise BrokenRecord(f"{what} is damaged: its content is not what its checksum says.")
        checksum.update(line)
        yield document
    if not is_over:
        raise BrokenRecord(f"{what} is not whole: it ends too early.")


def _raw_lines(content: Iterable[bytes], what: str) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(wbits=31)
    waiting = b""
    try:
        for chunk in content:
            *whole, waiting = (waiting + unpacker.decompress(chunk)).split(b"\n")
            yield from (line + b"\n" for line in whole)
    except zlib.error as error:
        raise BrokenRecord(f"{what} is damaged: {error}.") from error
    if not unpacker.eof:
        raise BrokenRecord(f"{what} is not whole: it ends too early.")


def head(content: Iterable[bytes], what: str, kind: str) -> tuple[Document, list[ArtifactFile]]:
    """The thing itself and its files; no more is read than that."""
    found: Document | None = None
    files: list[ArtifactFile] = []
    for line in lines(content, what):
        if found is None:
            _check_version(line, what)
            found = line.get(kind)
        elif "files" in line:
            rows = line["files"]
            files += [ArtifactFile(path, size, etag, sha256, modified) for path, size, sha256, etag, modified in rows]
        else:
            break
    if found is None:
        raise BrokenRecord(f"{what} is no record of the kind {kind}.")
    return found, files


def _check_version(document: Document, what: str) -> None:
    version = document.get("version")
    if version != VERSION:
        raise MlflowError(
            f"{what} is of version {version} of the format, and this release of the collection reads version {VERSION}. "
            "Use the release that wrote it, or a newer one."
        )


def end(content: Iterable[bytes], what: str) -> End:
    """What a whole record says at its end. Raises BrokenRecord when it is not whole."""
    last: Document = {}
    for line in lines(content, what):
        last = line
    return End(**{key: last["end"][key] for key in ("points", "files", "bytes")})


def points(content: Iterable[bytes], what: str) -> Iterator[list[Point]]:
    """The histories of a run, as they were written."""
    for line in lines(content, what):
        if "points" in line:
            key = line["metric"]
            yield [Point(key, number(value), timestamp, step) for value, timestamp, step in line["points"]]


def spans(content: Iterable[bytes], what: str) -> tuple[Document, ...] | None:
    """The spans of a trace; None when they could not be read when it was archived."""
    found: list[Document] | None = None
    for line in lines(content, what):
        if "spans" in line:
            found = [*(found or []), *line["spans"]]
    return None if found is None else tuple(found)


def document(thing: Experiment | Run | LoggedModel | RegisteredModel | Trace | EvaluationDataset) -> Document:
    """A thing as JSON knows it, without what has lines of its own."""
    found = asdict(thing)
    if isinstance(thing, Run):
        found["latest"] = {
            key: [json_number(value), timestamp, step] for key, (_key, value, timestamp, step) in thing.latest.items()
        }
    elif isinstance(thing, LoggedModel):
        found["metrics"] = [
            [run_id, point.key, json_number(point.value), point.timestamp, point.step, name, digest]
            for run_id, point, name, digest in thing.metrics
        ]
    elif isinstance(thing, Trace):
        del found["spans"]
    return found


def experiment(found: Document) -> Experiment:
    """From its record."""
    return Experiment(**found)


def run(found: Document) -> Run:
    """From its record."""
    return Run(
        **{
            **found,
            "latest": {key: Point(key, number(row[0]), row[1], row[2]) for key, row in found["latest"].items()},
            "datasets": tuple(DatasetInput(**each) for each in found["datasets"]),
            "model_inputs": tuple(found["model_inputs"]),
            "model_outputs": tuple((model, step) for model, step in found["model_outputs"]),
        }
    )


def logged_model(found: Document) -> LoggedModel:
    """From its record."""
    metrics = tuple(
        ModelPoint(run_id, Point(key, number(value), timestamp, step), name, digest)
        for run_id, key, value, timestamp, step, name, digest in found["metrics"]
    )
    return LoggedModel(**{**found, "metrics": metrics})


def registered_model(found: Document) -> RegisteredModel:
    """From its record."""
    return RegisteredModel(**{**found, "versions": tuple(ModelVersion(**each) for each in found["versions"])})


def trace(found: Document) -> Trace:
    """From its record, without spans."""
    return Trace(**{**found, "assessments": tuple(found["assessments"]), "spans": None})


def evaluation_dataset(found: Document) -> EvaluationDataset:
    """From its record."""
    ids, records = tuple(found["experiment_ids"]), tuple(found["records"])
    return EvaluationDataset(**{**found, "experiment_ids": ids, "records": records})
