# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Writes into an archive: the files of a thing, then its record, then the index. What an earlier run wrote is taken up."""

from __future__ import annotations

import hashlib
import typing as t
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration import _archive_records as records
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration import _origin as origin
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._archive import (
    Entry,
    files_path,
    record_path,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifact_places import (
    CHEAP,
    ArtifactFile,
    CheckedFolder,
    S3Prefix,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifacts import Owner, until_it_works
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import (
    EvaluationDataset,
    Experiment,
    LoggedModel,
    RegisteredModel,
    Run,
    Trace,
    digest,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._move_files import UNREADABLE, give_up

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._archive import Archive, Store
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._archive_records import (
        End,
        RecordWriter,
    )
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifact_places import Place
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._context import Work


@dataclass(frozen=True)
class Wanted:
    """One thing as it is in the source.

    :param digest: changes when anything about the thing does.
    :param uri: where its files are; empty where it has none of its own.
    """

    kind: str
    id: str
    experiment_id: str
    name: str
    digest: str
    document: dict[str, t.Any]
    uri: str = ""

    @property
    def path(self) -> str:
        """Where its record is, as long as it is what it is."""
        return record_path(self.kind, self.experiment_id, self.id, self.digest)

    @property
    def owner(self) -> Owner:
        """As servers call whose files they are."""
        return Owner("run" if self.kind == "run" else "model", self.id)


def wanted(thing: Experiment | Run | LoggedModel | RegisteredModel | Trace | EvaluationDataset) -> Wanted:
    """How a thing is archived."""
    document = records.document(thing)
    # Of a run as for a server: what only a look at the run itself tells is no part of it.
    mark = origin.run_digest(thing) if isinstance(thing, Run) else digest(document)
    match thing:
        case Experiment():
            return Wanted("experiment", thing.id, "", thing.name, mark, document)
        case Run():
            return Wanted("run", thing.id, thing.experiment_id, thing.name, mark, document, thing.artifact_uri)
        case LoggedModel():
            return Wanted("logged_model", thing.id, thing.experiment_id, thing.name, mark, document, thing.artifact_uri)
        case RegisteredModel():
            return Wanted("registered_model", thing.name, "", thing.name, mark, document)
        case Trace():
            name = thing.tags.get("mlflow.traceName", "")
            return Wanted("trace", thing.id, thing.experiment_id, name, mark, document)
    return Wanted("evaluation_dataset", thing.id, "", thing.name, mark, document)


class ArchiveWriter:
    """Writes into one archive. May be used by many threads."""

    def __init__(self, work: Work, archive: Archive) -> None:
        self._work = work
        self._archive = archive
        self._superseded: list[str] = []
        self._is_touched = False

    def is_current(self, wish: Wanted) -> bool:
        """Whether the archive has a thing as it is now, as far as that is seen without a request."""
        entry = self._archive.index.get(wish.kind, wish.id)
        if entry is None or entry.path != wish.path:
            return False
        if not wish.uri:
            return True
        try:
            place = self._work.source.artifacts.place(wish.uri, wish.owner)
            if not isinstance(place, CHEAP):
                return True
            files = list(place.files())
        except UNREADABLE:
            # Reading them was tried when it was archived, and is told then.
            return True
        told = (len(files), sum(file.size for file in files), _last_written(files))
        return told == (entry.files, entry.bytes, entry.modified)

    def list_files(self, wish: Wanted) -> list[ArtifactFile]:
        """The files of a thing; none when they cannot be listed."""
        try:
            return list(self._work.source.artifacts.place(wish.uri, wish.owner).files()) if wish.uri else []
        except UNREADABLE:
            return []

    def put(self, wish: Wanted, fill: Callable[[RecordWriter], None]) -> str:
        """Archive a thing that is not current: C(created) or C(updated).

        :param fill: adds what is long to the record.
        """
        files, is_whole = self._files(wish) if wish.uri else ([], True)
        if not is_whole:
            # Not under the name by which it counts as archived: the next run tries it again.
            wish = replace(wish, digest=digest("partial", wish.digest))
        end = self._adopted(wish, files) or self._written(wish, files, fill)
        entry = Entry(
            wish.kind, wish.id, wish.path, wish.experiment_id, wish.name, **asdict(end), modified=_last_written(files)
        )
        before = self._archive.index.put(entry)
        self._is_touched = True
        if before and before.path != wish.path:
            self._superseded.append(before.path)
        return "updated" if before else "created"

    def _written(self, wish: Wanted, files: Sequence[ArtifactFile], fill: Callable[[RecordWriter], None]) -> End:
        def write(file: t.IO[bytes]) -> End:
            record = records.RecordWriter(file, wish.kind, wish.document)
            record.files(files)
            fill(record)
            return record.end()

        return self._archive.write(wish.path, write)

    def _adopted(self, wish: Wanted, files: Sequence[ArtifactFile]) -> End | None:
        """What a run wrote that was interrupted before it came to the index."""
        if not self._archive.index.is_found(wish.path):
            return None
        entry = Entry(wish.kind, wish.id, wish.path, "", "")
        try:
            end: End = self._archive.read(entry, records.end)
        except records.BrokenRecord:
            return None
        # Files that came or changed since are told by the record only when it is written anew.
        return end if self._archive.head(entry)[1] == list(files) else None

    # Files.

    def _files(self, wish: Wanted) -> tuple[list[ArtifactFile], bool]:
        """What of its files is in the archive now, and whether that is all of them."""
        tally, name = self._work.tally, f"{wish.owner.kind} {wish.id}"
        try:
            source = self._work.source.artifacts.place(wish.uri, wish.owner)
            files = list(source.files())
        except UNREADABLE as error:
            give_up(error)
            tally.problem("artifact", name, wish.name, f"its files could not be listed: {error}")
            return [], False
        target = self._archive.store.below(files_path(wish.kind, wish.id))
        there = {file.path: file for file in target.files()} if files else {}
        known = self._known(wish) if there else {}
        kept: list[ArtifactFile] = []
        for file in files:
            try:
                copy = there.get(file.path)
                if copy and copy.size == file.size and not file.was_written_after(copy):
                    summed = known.get(file.path) or until_it_works(lambda: _summed(target, copy))  # noqa: B023  # called at once
                    kept.append(replace(summed, modified=file.modified))
                    tally.add("artifact", unchanged=1)
                    continue
                copied = until_it_works(lambda: _copied(source, file, target))  # noqa: B023  # called at once
                kept.append(replace(copied, modified=file.modified))
                tally.add("artifact", created=1)
                tally.add_bytes(file.size)
            except UNREADABLE as error:
                give_up(error)
                tally.add("artifact", failed=1)
                tally.problem("artifact", name, f"{wish.name}: {file.path}", str(error))
        return kept, len(kept) == len(files)

    def _known(self, wish: Wanted) -> dict[str, ArtifactFile]:
        entry = self._archive.index.get(wish.kind, wish.id)
        return {file.path: file for file in self._archive.head(entry)[1]} if entry else {}

    # The index.

    def finish(self) -> bool:
        """Make what was written count, and remove what it replaced; whether anything was written."""
        if not self._is_touched and self._archive.about is not None:
            return False
        facts = self._work.source.facts
        now = datetime.now(tz=timezone.utc).isoformat(timespec="seconds")
        self._archive.save(
            {
                "created": (self._archive.about or {}).get("created", now),
                "updated": now,
                "source": {"kind": facts.kind, "place": facts.place, "version": facts.version},
                "counts": self._archive.index.counts(),
            }
        )
        for path in self._superseded:
            self._archive.store.remove(path)
        return True


def _last_written(files: Iterable[ArtifactFile]) -> float:
    return max((file.modified for file in files), default=0.0)


def _copied(source: Place, file: ArtifactFile, target: Store) -> ArtifactFile:
    folder = source.folder if isinstance(source, CheckedFolder) else source
    if isinstance(folder, S3Prefix) and isinstance(target, S3Prefix):
        sha256 = target.copy(folder, file)
        if isinstance(source, CheckedFolder):
            source.check_copy(file.path, sha256)
        # Of a copy in parts S3 has no checksum of the whole, but what it calls its ETag is one of the parts.
        now = None if sha256 else target.stat(file.path)
        return ArtifactFile(file.path, file.size, now.etag if now else None, sha256)
    checksum = hashlib.sha256()
    target.write(file.path, file.size, _through(checksum.update, source.read(file.path)))
    return ArtifactFile(file.path, file.size, None, checksum.hexdigest())


def _summed(target: Store, file: ArtifactFile) -> ArtifactFile:
    checksum = hashlib.sha256()
    for chunk in target.read(file.path):
        checksum.update(chunk)
    return ArtifactFile(file.path, file.size, None, checksum.hexdigest())


def _through(update: Callable[[bytes], None], content: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in content:
        update(chunk)
        yield chunk


def is_other(archive: Archive, experiments: Sequence[Experiment]) -> bool:
    """Whether an archive is of another MLflow: ids are those of one, so two of them must not share an archive."""
    created = {each.id: each.creation_time for each in experiments}
    has_any = False
    for entry in archive.index.entries("experiment"):
        has_any = True
        archived = records.experiment(archive.head(entry)[0])
        if archived.id in created and created[archived.id] == archived.creation_time:
            return False
    return has_any


def refuse_other(archive: Archive, place: str) -> t.NoReturn:
    """Say so."""
    raise MlflowError(
        f"{archive.uri} is an archive of another MLflow: none of its experiments is one of {place}. "
        "Name another place for the archive of this one."
    )
