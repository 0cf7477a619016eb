# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The operations on a tracking server, and when each is over. Makes no call."""

from __future__ import annotations

import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker_outcome import Kind, Operation
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server import SETTINGS
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server_plan import (
    CREATE,
    DELETE,
    START,
    STOP,
    UPDATE,
    normal_setting,
)

if t.TYPE_CHECKING:
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server import TrackingServer


def _is_updated(call: Call, now: TrackingServer) -> bool:
    """Whether the server has every setting that the update sent."""
    return all(
        normal_setting(option, call.parameters[field], now.arn)
        == normal_setting(option, now.settings.get(option), now.arn)
        for option, field in SETTINGS.items()
        if field in call.parameters
    )


def _is_switched(operation: str, now: TrackingServer) -> bool:
    """Whether it runs after a start, and does not after a stop."""
    return now.is_active == (operation == START)


KIND: Kind[TrackingServer] = Kind(
    noun="server",
    plural="tracking servers",
    create=CREATE,
    update=UPDATE,
    delete=DELETE,
    operations={
        CREATE: Operation("Creating", "CreateFailed", "to be created", "creating"),
        UPDATE: Operation("Updating", "UpdateFailed", "to be updated", "updating"),
        START: Operation("Starting", "StartFailed", "to start", "starting"),
        STOP: Operation("Stopping", "StopFailed", "to stop", "stopping"),
        DELETE: Operation("Deleting", "DeleteFailed", "to be deleted", "deleting"),
    },
    is_updated=_is_updated,
    is_switched=_is_switched,
)
