# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The files of one run or logged model."""

from __future__ import annotations

import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AWS_ERRORS
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifact_places import (
    CHEAP,
    COPIES_AT_ONCE,
    ArtifactFile,
    S3Prefix,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifacts import (
    Owner,
    copy_file,
    is_id_file,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_api import (
    NETWORK_ERRORS,
    ApiError,
    LostAnswer,
)

if t.TYPE_CHECKING:
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifact_places import Place
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._context import Context

UNREADABLE: tuple[type[Exception], ...] = (MlflowError, LostAnswer, *NETWORK_ERRORS, *AWS_ERRORS)


@dataclass(frozen=True)
class Files:
    """The files of one run or logged model, here and there.

    :param owner: whose they are in the source.
    :param is_new: there can be none in the target yet, so it is not asked.
    """

    name: str
    owner: Owner
    old_uri: str
    new_id: str
    new_uri: str
    is_new: bool


def move_files(context: Context, files: Files) -> None:
    """Copy what is missing, has another size, or was written again since. One file that cannot be read is one line in the report."""
    if not files.old_uri:
        return
    tally, owner = context.tally, files.owner
    try:
        source = context.source.artifacts.place(files.old_uri, owner)
        listed = list(source.files())
        if not listed:
            return
        target = context.target.artifacts.place(files.new_uri, Owner(owner.kind, files.new_id))
        there = {} if files.is_new else {file.path: file for file in target.files()}
    except UNREADABLE as error:
        give_up(error)
        tally.problem("artifact", f"{owner.kind} {owner.id}", files.name, f"its files could not be listed: {error}")
        return
    # What S3 copies costs this machine nothing, so that several files of a run are copied at the same time.
    is_between_buckets = isinstance(source, S3Prefix) and isinstance(target, S3Prefix)
    with ThreadPoolExecutor(COPIES_AT_ONCE if is_between_buckets else 1) as pool:
        list(pool.map(lambda file: _move_file(context, files, file, there.get(file.path), source, target), listed))


def _move_file(
    context: Context, files: Files, file: ArtifactFile, copy: ArtifactFile | None, source: Place, target: Place
) -> None:
    tally, owner = context.tally, files.owner
    if copy and not is_id_file(file.path) and not _differs(file, copy):
        tally.add("artifact", unchanged=1)
        return
    try:
        tally.add_bytes(copy_file(source, file, target, context.rewrite))
        tally.add("artifact", created=1)
    except UNREADABLE as error:
        give_up(error)
        tally.add("artifact", failed=1)
        tally.problem("artifact", f"{owner.kind} {owner.id}", f"{files.name}: {file.path}", str(error))


def late_files(context: Context, files: Files) -> list[ArtifactFile]:
    """What came to something that had moved, where looking costs no request to an MLflow server."""
    try:
        source = context.source.artifacts.place(files.old_uri, files.owner) if files.old_uri else None
        target = context.target.artifacts.place(files.new_uri, Owner(files.owner.kind, files.new_id))
        if not isinstance(source, CHEAP) or not isinstance(target, CHEAP):
            return []
        listed = list(source.files())
        there = {file.path: file for file in target.files()} if listed else {}
    except UNREADABLE:
        # It was told when it moved, and the comparison tells it again.
        return []
    return [file for file in listed if file.path not in there or _differs(file, there[file.path])]


def _differs(file: ArtifactFile, copy: ArtifactFile) -> bool:
    """New ids may be longer than old ones."""
    return file.was_written_after(copy) or (file.size != copy.size and not is_id_file(file.path))


def give_up(error: BaseException) -> None:
    """A server that does not answer at all will not answer for the next file either."""
    if isinstance(error, ApiError) and error.status == 0:
        raise error
