# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Writes that AWS carries out again when they are sent again: after each answer that was lost, look before sending."""

from __future__ import annotations

import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _limits as limits
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AWS_ERRORS, Deadline
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import is_passing, is_throttled

if t.TYPE_CHECKING:
    from collections.abc import Callable

Made = t.TypeVar("Made")

PATIENCE = limits.ONCE_LIMIT
FIRST_PAUSE, PAUSE = limits.ONCE_PAUSES


def once(send: Callable[[], Made], look: Callable[[], Made | None]) -> Made:
    """What C(send) returns, or C(look) when an answer was lost and it finds that the call was carried out.

    :param send: the call, which botocore must not repeat.
    """
    for _elapsed in Deadline(PATIENCE, PAUSE, first_delay=FIRST_PAUSE).ticks():
        try:
            return send()
        except AWS_ERRORS as error:
            if not is_passing(error):
                raise
            found = None if is_throttled(error) else look()
            if found is not None:
                return found
            refusal: Exception = error
    raise refusal
