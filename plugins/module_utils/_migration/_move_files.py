# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The files of one run or logged model."""

from __future__ import annotations

import typing as t

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


def move_files(context: Context, kind: str, name: str, old_uri: str, owner: Owner, new_uri: str, new_id: str) -> None:
    """Copy what is missing or has another size. One file that cannot be read is one line in the report."""
    if not old_uri:
        return
    tally = context.tally
    try:
        source = context.source.artifacts.place(old_uri, owner)
        files = list(source.files())
        if not files:
            return
        target = context.target.artifacts.place(new_uri, Owner(kind, new_id))
        there = {file.path: file.size for file in target.files()}
    except UNREADABLE as error:
        _give_up(error)
        tally.problem("artifact", f"{kind} {owner.id}", name, f"its files could not be listed: {error}")
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
            tally.problem("artifact", f"{kind} {owner.id}", f"{name}: {file.path}", str(error))


def _give_up(error: BaseException) -> None:
    """A server that does not answer at all will not answer for the next file either."""
    if isinstance(error, ApiError) and error.status == 0:
        raise error
