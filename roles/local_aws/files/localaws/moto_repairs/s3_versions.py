# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One page of a bucket's versions.

moto's own copies the content of every object for it, and has nothing to tell when the version was deleted meanwhile that a page begins after:
a client that deletes page by page would leave the rest behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from moto.s3.models import FakeDeleteMarker

if TYPE_CHECKING:
    from collections.abc import Iterator

    Page = tuple[list[Any], list[str], list[Any], str | None, str | None]


@dataclass(frozen=True)
class Entry:
    """A version or delete marker of moto's, or a prefix that stands for many keys."""

    name: str
    version: Any = None

    @property
    def version_id(self) -> str | None:
        return None if self.version is None else self.version.version_id or "null"


def list_object_versions(
    backend: Any,
    bucket_name: str,
    delimiter: str | None = None,
    key_marker: str | None = None,
    max_keys: int = 1000,
    prefix: str = "",
    version_id_marker: str | None = None,
) -> Page:
    """In place of the method of moto's S3 backend: versions, prefixes, delete markers, and where the next page begins."""
    entries = _after(_entries(backend.get_bucket(bucket_name).keys, prefix, delimiter), key_marker, version_id_marker)
    page = list(islice(entries, max_keys))
    versions = [each.version for each in page if each.version is not None]
    deletions = [each for each in versions if isinstance(each, FakeDeleteMarker)]
    contents = [each for each in versions if not isinstance(each, FakeDeleteMarker)]
    prefixes = [each.name for each in page if each.version is None]
    if not page or next(entries, None) is None:
        return contents, prefixes, deletions, None, None
    return contents, prefixes, deletions, page[-1].name, page[-1].version_id


def _entries(keys: Any, prefix: str, delimiter: str | None) -> Iterator[Entry]:
    """By name, the newest version first."""
    last_group = None
    for name in sorted(each for each in keys if each.startswith(prefix)):
        head, found, _unused = name[len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
        if found:
            group = prefix + head + found
            if group != last_group:
                yield Entry(group)
            last_group = group
            continue
        newest_first = list(reversed(keys.getlist(name)))
        for version in newest_first:
            version.is_latest = version is newest_first[0]  # moto's answer looks there
            yield Entry(name, version)


def _after(entries: Iterator[Entry], key_marker: str | None, version_id_marker: str | None) -> Iterator[Entry]:
    """What comes after the markers. Of a version that is gone only the key is known: all that its key still has comes again."""
    if not key_marker:
        yield from entries
        return
    of_key = []
    for entry in entries:
        if entry.name == key_marker and version_id_marker:
            of_key.append(entry)
        elif entry.name > key_marker:
            yield from _after_version(of_key, version_id_marker)
            of_key = []
            yield entry
    yield from _after_version(of_key, version_id_marker)


def _after_version(of_key: list[Entry], version_id_marker: str | None) -> list[Entry]:
    place = next((place for place, each in enumerate(of_key, 1) if each.version_id == version_id_marker), 0)
    return of_key[place:]
