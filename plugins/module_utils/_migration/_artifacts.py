# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Files of runs and models: where they are, and how they get from one place to another with bounded memory."""

from __future__ import annotations

import time
import typing as t
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _limits as limits
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AWS_ERRORS
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError, is_passing
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifact_places import (
    ArtifactFile,
    CheckedFolder,
    LocalFolder,
    Place,
    S3Prefix,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifact_servers import (
    ProxiedFolder,
    ServedFolder,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_api import (
    NETWORK_ERRORS,
    ApiError,
    LostAnswer,
)

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_api import MlflowApi

Result = t.TypeVar("Result")

FIRST_PAUSE, LONGEST_PAUSE = limits.ARTIFACT_PAUSES
FAILURES: tuple[type[Exception], ...] = (LostAnswer, ApiError, *NETWORK_ERRORS, *AWS_ERRORS)
ID_FILE = "MLmodel"
"""The file in which MLflow writes down of which run and model a folder is."""


@dataclass(frozen=True)
class Owner:
    """Whose files are meant: a server that hands out files asks for that."""

    kind: str
    id: str


class Artifacts(t.Protocol):
    """Where one MLflow keeps its files."""

    def place(self, uri: str, owner: Owner | None = None) -> Place:
        """The place that a URI names. Raises MlflowError when it cannot be reached from here."""


@dataclass(frozen=True)
class ArtifactStore:
    """From the URIs that MLflow knows to places that can be read and written.

    :param s3: makes the S3 client; called when the first URI with s3: is met.
    :param api: the server that the URIs come from, if there is one.
    :param destination: where a server keeps what it calls mlflow-artifacts:, when that is read past the server.
    :param is_local: the paths of file: URIs are paths of this machine.
    """

    s3: Callable[[], t.Any]
    api: MlflowApi | None = None
    destination: str | None = None
    is_local: bool = False

    def place(self, uri: str, owner: Owner | None = None) -> Place:
        """The place that a URI names. Raises MlflowError when it cannot be reached from here."""
        parts = urlsplit(uri)
        if parts.scheme == "s3":
            return S3Prefix(self.s3(), parts.netloc, parts.path.strip("/"))
        if parts.scheme == "mlflow-artifacts":
            path = unquote(parts.path).strip("/")
            if self.destination:
                return self.place(f"{self.destination.rstrip('/')}/{path}", owner)
            if self.api:
                return ProxiedFolder(self.api, path)
        if parts.scheme in ("", "file") and self.is_local:
            return LocalFolder(Path(unquote(parts.path)))
        if self.api and owner and not self.is_local:
            return ServedFolder(self.api, owner.kind, owner.id)
        raise MlflowError(
            f"The files at '{uri}' cannot be reached from here. Give the place where they are as artifacts_destination, or "
            "the URL of the MLflow server, which can hand them out."
        )


def copy_file(source: Place, file: ArtifactFile, target: Place, rewrite: Callable[[bytes], bytes]) -> int:
    """Copy one file, however often that takes; the bytes that were written.

    :param rewrite: puts new ids in the place of old ones, in the one small file that holds ids.
    """
    return until_it_works(lambda: _copy_once(source, file, target, rewrite))


def until_it_works(action: Callable[[], Result]) -> Result:
    """Repeat what reads or writes a file as a whole, as long as the reason for its failure may pass."""
    for attempt in range(limits.ARTIFACT_ATTEMPTS):
        try:
            return action()
        except FAILURES as error:
            if attempt + 1 == limits.ARTIFACT_ATTEMPTS or not _may_pass(error):
                raise
            time.sleep(min(FIRST_PAUSE * 2**attempt, LONGEST_PAUSE))
    raise AssertionError("unreachable")


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, (FileNotFoundError, PermissionError, IsADirectoryError)):
        return False
    if isinstance(error, ApiError):
        return error.status == 429
    return is_passing(error) if isinstance(error, AWS_ERRORS) else True


def _copy_once(source: Place, file: ArtifactFile, target: Place, rewrite: Callable[[bytes], bytes]) -> int:
    if is_id_file(file.path):
        content = rewrite(b"".join(source.read(file.path)))
        target.write(file.path, len(content), iter([content]))
        return len(content)
    origin = source.folder if isinstance(source, CheckedFolder) else source
    if isinstance(origin, S3Prefix) and isinstance(target, S3Prefix):
        checksum = target.copy(origin, file)
        if isinstance(source, CheckedFolder):
            source.check_copy(file.path, checksum)
    else:
        target.write(file.path, file.size, source.read(file.path))
    return file.size


def is_id_file(path: str) -> bool:
    """Whether a file holds the ids of its run and model."""
    return path.rpartition("/")[2] == ID_FILE


def rewriter(new_id: Callable[[str, str], str | None]) -> Callable[[bytes], bytes]:
    """Puts the new run_id and model_id into an MLmodel file.

    :param new_id: the new id for a kind (C(run), C(model)) and an old id; None when that did not move.
    """

    def rewrite(content: bytes) -> bytes:
        return b"".join(_rewritten(line, new_id) for line in content.splitlines(keepends=True))

    return rewrite


def _rewritten(line: bytes, new_id: Callable[[str, str], str | None]) -> bytes:
    for key, kind in ((b"run_id: ", "run"), (b"model_id: ", "model")):
        if line.startswith(key):
            old = line[len(key) :].strip().strip(b"'\"").decode("utf-8", "replace")
            new = new_id(kind, old)
            if new:
                return line.replace(old.encode(), new.encode())
    return line
