# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The files of one run or logged model."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AWS_ERRORS
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
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


def move_files(context: Context, wish: Files) -> None:
    """Copy what is missing or has another size. One file that cannot be read is one line in the report."""
    if not wish.old_uri:
        return
    tally, owner = context.tally, wish.owner
    try:
        source = context.source.artifacts.place(wish.old_uri, owner)
        files = list(source.files())
        if not files:
            return
        target = context.target.artifacts.place(wish.new_uri, Owner(owner.kind, wish.new_id))
        there = {} if wish.is_new else {file.path: file.size for file in target.files()}
    except UNREADABLE as error:
        _give_up(error)
        tally.problem("artifact", f"{owner.kind} {owner.id}", wish.name, f"its files could not be listed: {error}")
        return
    for file in files:
        if there.get(file.path) == file.size and not is_id_file(file.path):
            tally.add("artifact", unchanged=1)
            continue
        try:
            tally.add_bytes(copy_file(source, file, target, context.rewrite))
            tally.add("artifact", created=1)
        except UNREADABLE as error:
            _give_up(error)
            tally.add("artifact", failed=1)
            tally.problem("artifact", f"{owner.kind} {owner.id}", f"{wish.name}: {file.path}", str(error))


def _give_up(error: BaseException) -> None:
    """A server that does not answer at all will not answer for the next file either."""
    if isinstance(error, ApiError) and error.status == 0:
        raise error
