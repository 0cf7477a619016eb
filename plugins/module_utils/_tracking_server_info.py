# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Which tracking servers there are."""

from __future__ import annotations

import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _discovery as discovery
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server import described, from_aws

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule

STATUSES = (
    *sagemaker.STATUSES,
    "Stopping",
    "Stopped",
    "StopFailed",
    "Starting",
    "Started",
    "StartFailed",
    "MaintenanceInProgress",
    "MaintenanceComplete",
    "MaintenanceFailed",
)


def _returned(answer: Mapping[str, t.Any], tags: Mapping[str, str] | None) -> dict[str, t.Any]:
    server = from_aws(answer, tags)
    return described(server, server.name)


TRACKING_SERVERS = discovery.Kind(
    name="tracking_server",
    noun="tracking server",
    lister="list_mlflow_tracking_servers",
    summaries="TrackingServerSummaries",
    describer="describe_mlflow_tracking_server",
    identity="TrackingServerName",
    name_field="TrackingServerName",
    arn_field="TrackingServerArn",
    status_field="TrackingServerStatus",
    filters={
        "created_after": "CreatedAfter",
        "created_before": "CreatedBefore",
        "tracking_server_status": "TrackingServerStatus",
        "sort_by": "SortBy",
        "sort_order": "SortOrder",
    },
    returned=_returned,
)


def tracking_servers(module: AwsModule, _check_mode: bool) -> dict[str, t.Any]:
    """The module's result."""
    question = discovery.question_from_parameters(TRACKING_SERVERS, module.params)
    sagemaker.checked_region(module.region)
    if question.name is not None:
        return {"tracking_servers": discovery.find_one(module.clients, question, question.name)}
    (found,) = discovery.find_all(module.clients, question)
    return {"tracking_servers": found}
