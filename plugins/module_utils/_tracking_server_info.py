# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Which tracking servers there are: one List, then everything else at the same time."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AWS_ERRORS, read_concurrently
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError, explain
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker_tags import read_tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server import described, from_aws

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule, Clients
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server import TrackingServer

STATUSES = (
    "Creating",
    "Created",
    "CreateFailed",
    "Updating",
    "Updated",
    "UpdateFailed",
    "Deleting",
    "DeleteFailed",
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
SORT_KEYS = ("Name", "CreationTime", "Status")
SORT_ORDERS = ("Ascending", "Descending")
FILTERS: dict[str, str] = {
    "created_after": "CreatedAfter",
    "created_before": "CreatedBefore",
    "tracking_server_status": "TrackingServerStatus",
    "sort_by": "SortBy",
    "sort_order": "SortOrder",
}
"""What ListMlflowTrackingServers can be asked: our option and AWS's field. Its filter on the version is not among them:
AWS does not say whether it takes C(3.0) for C(3.0.0)."""
PAGE_SIZE = 100
"""The most that AWS gives at once."""


@dataclass(frozen=True)
class Question:
    """Which servers are asked about, checked and in AWS's spelling.

    :param name: one server; None for all that pass the filters.
    :param filters: parameters of ListMlflowTrackingServers.
    :param mlflow_version: major.minor, None for any.
    """

    name: str | None = None
    filters: Mapping[str, t.Any] = field(default_factory=dict)
    mlflow_version: str | None = None
    include_tags: bool = True


def question_from_parameters(parameters: Mapping[str, t.Any]) -> Question:
    """The module's options as a question. Raises MlflowError for what AWS would refuse."""
    name, version = parameters.get("name"), parameters.get("mlflow_version")
    filters = {FILTERS[option]: parameters[option] for option in FILTERS if parameters.get(option) is not None}
    for option in ("created_after", "created_before"):
        if FILTERS[option] in filters:
            filters[FILTERS[option]] = moment(option, filters[FILTERS[option]])
    return Question(
        name=None if name is None else sagemaker.checked_name("name", name),
        filters=filters,
        mlflow_version=None if version is None else sagemaker.version_to_send("mlflow_version", version),
        include_tags=parameters["include_tags"],
    )


def moment(option: str, text: str) -> datetime:
    """A point in time in ISO 8601; UTC when it does not say otherwise."""
    try:
        # Before Python 3.11 fromisoformat does not know the Z that AWS itself writes.
        parsed = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError as error:
        raise MlflowError(
            f"{option}: '{text}' is not a time: give ISO 8601, as in 2026-01-31, 2026-01-31T18:30:00Z or 2026-01-31T18:30:00+01:00."
        ) from error
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)


def tracking_servers(module: AwsModule, _check_mode: bool) -> dict[str, t.Any]:
    """The module's result."""
    question = question_from_parameters(module.params)
    sagemaker.checked_region(module.region)
    found = _all(module.clients, question) if question.name is None else _one(module.clients, question)
    return {"tracking_servers": [described(server, server.name) for server in found if server is not None]}


def _one(clients: Clients, question: Question) -> list[TrackingServer | None]:
    """The named server, if there is one. Its tags come second: their call needs the ARN, which Describe tells."""
    answer = _describe(clients, str(question.name))
    if answer is None:
        return []
    tags = _tags(clients, answer["TrackingServerArn"]) if question.include_tags else None
    return [_server(answer, tags, question)]


def _all(clients: Clients, question: Question) -> list[TrackingServer | None]:
    """Every server that passes the filters. The list tells the ARNs, so descriptions and tags come at the same time."""
    arns = _list(clients["sagemaker"], question)
    reads: dict[str, Callable[[], t.Any]] = {f"describe {name}": partial(_describe, clients, name) for name in arns}
    if question.include_tags:
        reads |= {f"tags {name}": partial(_tags, clients, arn) for name, arn in arns.items()}
    read = read_concurrently(reads)
    return [_server(read[f"describe {name}"], read.get(f"tags {name}"), question) for name in arns]


def _server(
    answer: Mapping[str, t.Any] | None, tags: Mapping[str, str] | None, question: Question
) -> TrackingServer | None:
    """What was read of one server; None when it went away between two reads."""
    if answer is None or (question.include_tags and tags is None):
        return None
    return from_aws(answer, tags)


def _list(client: t.Any, question: Question) -> dict[str, str]:
    """The ARN of every server that passes the filters by its name, in AWS's order."""
    pages = client.get_paginator("list_mlflow_tracking_servers").paginate(
        **question.filters, PaginationConfig={"PageSize": PAGE_SIZE}
    )
    try:
        summaries = [summary for page in pages for summary in page["TrackingServerSummaries"]]
    except AWS_ERRORS as error:
        raise MlflowError(explain(error, f"listing the tracking servers in {client.meta.region_name}")) from error
    wanted = question.mlflow_version
    return {
        summary["TrackingServerName"]: summary["TrackingServerArn"]
        for summary in summaries
        if wanted is None or sagemaker.same_version(summary.get("MlflowVersion"), wanted)
    }


def _describe(clients: Clients, name: str) -> dict[str, t.Any] | None:
    """What AWS says of one server; None when there is none (any more)."""
    try:
        answer: dict[str, t.Any] = clients["sagemaker"].describe_mlflow_tracking_server(TrackingServerName=name)
    except AWS_ERRORS as error:
        if sagemaker.is_not_found(error):
            return None
        raise MlflowError(explain(error, f"reading the tracking server '{name}'")) from error
    return answer


def _tags(clients: Clients, arn: str) -> dict[str, str] | None:
    """The tags of one server; None when there is none (any more)."""
    try:
        return read_tags(clients, arn)
    except AWS_ERRORS as error:
        if sagemaker.is_not_found(error):
            return None
        doing = f"reading the tags of {arn} (include_tags: false does without)"
        raise MlflowError(explain(error, doing)) from error
