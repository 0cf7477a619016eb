# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns moto's backends into bytes and back.

Three things of moto's do not pickle as they are: references to a backend (a copy would live a life of its own),
cryptographic keys, and objects of S3, whose content would be written anew at every save and so goes to files.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INLINE_LIMIT = 4096  # bytes; smaller contents stay in the snapshot
_PIECE = 1024 * 1024
_BLOB = "_localaws_blob"  # on an S3 object: name of its file and what it was named for


class Blobs:
    """Contents of S3 objects, one file each, named by their hash."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._used: set[str] = set()

    def begin(self) -> None:
        """A new snapshot begins: nothing is used yet."""
        self._used = set()

    def store(self, key: Any) -> str:
        """Have the content of an S3 object in a file, and return its name."""
        version = (key.contentsize, key.last_modified, key._etag)
        named_for, name = getattr(key, _BLOB, (None, ""))
        if named_for != version or not (self._folder / name).exists():
            name = self._write(key)
            setattr(key, _BLOB, (version, name))
        self._used.add(name)
        return str(name)

    def read(self, name: str) -> bytes:
        return (self._folder / name).read_bytes()

    def collect_garbage(self) -> None:
        """Delete what the snapshot that was just written does not use."""
        for path in self._folder.glob("*") if self._folder.is_dir() else ():
            if path.name not in self._used:
                path.unlink(missing_ok=True)

    def _write(self, key: Any) -> str:
        """Copy it piece by piece: models are large, and moto would read them whole."""
        self._folder.mkdir(mode=0o700, exist_ok=True)  # not its parent: a home that was deleted stays so
        unfinished, digest = self._folder / "unfinished", hashlib.sha256()
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with key.lock, os.fdopen(descriptor, "wb") as file:
            key._value_buffer.seek(0)
            while piece := key._value_buffer.read(_PIECE):
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._folder / digest.hexdigest())
        return digest.hexdigest()


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read; readers see the old content or the new, never a part."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def used_backends() -> dict[str, Any]:
    """The services that were called since the start or the restart, with moto's dictionary of each."""
    from moto.core.base_backend import BackendDict

    return {each.backend.__module__: each for each in list(BackendDict._instances) if each}


def dump(backends: Any, blobs: Blobs) -> bytes:
    """All accounts and regions of one service."""
    content = {
        (account_id, region): backend.__dict__
        for account_id, regions in list(backends.items())
        for region, backend in list(regions.items())
    }
    file = io.BytesIO()
    _Pickler(file, blobs).dump(content)
    return file.getvalue()


def load(backends: Any, saved: bytes, blobs: Blobs) -> None:
    """Put a dump into moto's dictionary of the same service."""
    content = _Unpickler(io.BytesIO(saved), blobs).load()
    for (account_id, region), state in content.items():
        backends[account_id][region].__dict__.update(state)
    if hasattr(backends, "bucket_accounts"):
        backends.bucket_accounts.update(dict(_owners_of_buckets(backends)))


def backends_of(module: str) -> Any | None:
    """moto's dictionary of the service whose backend class is in this module."""
    __import__(module)
    from moto.core.base_backend import BackendDict

    return next((each for each in vars(sys.modules[module]).values() if isinstance(each, BackendDict)), None)


def _owners_of_buckets(backends: Any) -> Iterator[tuple[str, tuple[str, str]]]:
    """moto keeps them beside the backends, so they are not in the dump."""
    for account_id, partitions in backends.items():
        for partition, backend in partitions.items():
            for name in backend.buckets:
                yield name, (partition, account_id)


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, blobs: Blobs) -> None:
        super().__init__(file, protocol=5)
        self._blobs = blobs

    def persistent_id(self, obj: Any) -> Any:
        from moto.core.base_backend import BaseBackend

        if isinstance(obj, BaseBackend):
            return "backend", type(obj).__module__, obj.account_id, obj.region_name
        return None

    def reducer_override(self, obj: Any) -> Any:
        name = type(obj).__name__
        if name == "FakeKey" and type(obj).__module__ == "moto.s3.models" and obj.contentsize > INLINE_LIMIT:
            if obj._value_buffer.closed:
                return NotImplemented
            state = {key: value for key, value in vars(obj).items() if key not in ("_value_buffer", "lock", _BLOB)}
            return _bare, (type(obj),), (state, self._blobs.store(obj)), None, None, _restore_key_blob
        if type(obj).__module__.startswith("cryptography.") and hasattr(obj, "private_bytes"):
            return _private_key, (_pem(obj),)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, blobs: Blobs) -> None:
        super().__init__(file)
        _reading[:] = [blobs]

    def persistent_load(self, pid: Any) -> Any:
        _unused, module, account_id, region = pid
        backends = backends_of(module)
        if backends is None:
            raise pickle.UnpicklingError(f"{module} has no backends any more")
        return backends[account_id][region]


_reading: list[Blobs] = []  # the files that the load under way reads from: pickle passes no argument through


def _bare(cls: type) -> Any:
    return object.__new__(cls)


def _restore_key_blob(key: Any, saved: tuple[dict[str, Any], str]) -> None:
    state, name = saved
    key.__setstate__({**state, "value": _reading[0].read(name)})
    setattr(key, _BLOB, ((key.contentsize, key.last_modified, key._etag), name))


def _pem(key: Any) -> bytes:
    from cryptography.hazmat.primitives import serialization

    encoded: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return encoded


def _private_key(pem: bytes) -> Any:
    from cryptography.hazmat.primitives import serialization

    return serialization.load_pem_private_key(pem, password=None)
