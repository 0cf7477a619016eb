# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What there is of a kind (tracking servers, MLflow Apps): the lists first, then everything else at the same time."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AWS_ERRORS, read_concurrently
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError, explain
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker_tags import read_tags

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import Clients

    Answer: t.TypeAlias = "Mapping[str, t.Any]"
    Reads: t.TypeAlias = "dict[str, Callable[[], t.Any]]"

DELETED = "Deleted"
"""The status of what is gone and only listed still. Only Apps have it."""
SORT_KEYS = ("Name", "CreationTime", "Status")
SORT_ORDERS = ("Ascending", "Descending")
TIMES = ("created_after", "created_before")
PAGE_SIZE = 100
"""The most that AWS gives at once."""


@dataclass(frozen=True)
class Kind:
    """What is different about a kind when it is looked for.

    :param name: what options call it.
    :param noun: what messages call one of it; the plural has an s.
    :param lister: the List operation, and C(summaries) the key of its answer.
    :param describer: the Describe operation, and C(identity) its parameter, which summaries have too.
    :param filters: what the List operation can be asked: our option and AWS's field. Its filter on the version is not
        among them: AWS does not say whether it takes C(3.0) for C(3.0.0).
    :param returned: the return values for an answer of Describe (or a summary) and for tags.
    """

    name: str
    noun: str
    lister: str
    summaries: str
    describer: str
    identity: str
    name_field: str
    arn_field: str
    status_field: str
    filters: Mapping[str, str]
    returned: Callable[[Answer, Mapping[str, str] | None], dict[str, t.Any]]

    def is_deleted(self, answer: Answer) -> bool:
        """Whether this one is gone, and only listed still."""
        return bool(answer[self.status_field] == DELETED)


@dataclass(frozen=True)
class Question:
    """Which ones of a kind are asked about, checked and in AWS's spelling.

    :param name: only those with this name.
    :param filters: parameters of the List operation.
    :param statuses: only those with one of these; empty for any.
    :param mlflow_version: major.minor, None for any.
    :param include_deleted: also those that are gone and only listed still.
    :param include_details: whether each is described; without, only what the list tells is known.
    """

    kind: Kind
    name: str | None = None
    filters: Mapping[str, t.Any] = field(default_factory=dict)
    statuses: Sequence[str] = ()
    mlflow_version: str | None = None
    include_tags: bool = True
    include_deleted: bool = False
    include_details: bool = True

    def takes(self, summary: Answer) -> bool:
        """Whether a listed one is asked about, as far as AWS's own filters do not tell."""
        status, version = summary[self.kind.status_field], self.mlflow_version
        return (
            (self.name is None or summary[self.kind.name_field] == self.name)
            and (not self.statuses or status in self.statuses)
            and (version is None or sagemaker.same_version(summary.get("MlflowVersion"), version))
            and (self.include_deleted or not self.kind.is_deleted(summary))
        )


def question_from_parameters(kind: Kind, parameters: Mapping[str, t.Any], **more: t.Any) -> Question:
    """The options that ask about a kind. Raises MlflowError for what AWS would refuse.

    :param more: what else the question has.
    """
    name, version = parameters.get("name"), parameters.get("mlflow_version")
    filters = {
        aws_field: parameters[option]
        for option, aws_field in kind.filters.items()
        if parameters.get(option) is not None
    }
    for option in TIMES:
        if kind.filters[option] in filters:
            filters[kind.filters[option]] = moment(option, filters[kind.filters[option]])
    return Question(
        kind,
        name=None if name is None else sagemaker.checked_name("name", name),
        filters=filters,
        mlflow_version=None if version is None else sagemaker.version_to_send("mlflow_version", version),
        include_tags=parameters["include_tags"],
        **more,
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


def find_one(clients: Clients, question: Question, identity: str) -> list[dict[str, t.Any]]:
    """The one with this name (of a server) or ARN (of an App), or none.

    Its tags come second: their call needs the ARN, and what is gone has none.
    """
    kind = question.kind
    answer = _describe(clients, kind, identity)
    if answer is None or (kind.is_deleted(answer) and not question.include_deleted):
        return []
    wants_tags = question.include_tags and not kind.is_deleted(answer)
    tags = _tags(clients, answer[kind.arn_field]) if wants_tags else None
    return [] if wants_tags and tags is None else [kind.returned(answer, tags)]


def find_all(clients: Clients, *questions: Question) -> list[list[dict[str, t.Any]]]:
    """Whatever each question asks about, in AWS's order.

    The lists tell the ARNs, so all descriptions and tags come at the same time.
    """
    summaries = list_all(clients, *questions)
    reads: Reads = {}
    for question, listed in zip(questions, summaries, strict=True):
        for summary in listed:
            reads |= _reads(clients, question, summary)
    read = read_concurrently(reads)
    return [
        [found for summary in listed for found in _found(question, summary, read)]
        for question, listed in zip(questions, summaries, strict=True)
    ]


def list_all(clients: Clients, *questions: Question) -> list[list[Answer]]:
    """What the lists tell of whatever each question, all of different kinds, asks about, in AWS's order."""
    client = clients["sagemaker"]
    listed = read_concurrently({question.kind.name: partial(_list, client, question) for question in questions})
    return [listed[question.kind.name] for question in questions]


def _list(client: t.Any, question: Question) -> list[Answer]:
    kind = question.kind
    if not hasattr(client, kind.lister):
        raise MlflowError(f"The installed botocore does not know {kind.noun}s. Install botocore 1.42.62 or newer.")
    pages = client.get_paginator(kind.lister).paginate(**question.filters, PaginationConfig={"PageSize": PAGE_SIZE})
    try:
        summaries: Iterable[Answer] = [summary for page in pages for summary in page[kind.summaries]]
    except AWS_ERRORS as error:
        raise MlflowError(explain(error, f"listing the {kind.noun}s in {client.meta.region_name}")) from error
    return [summary for summary in summaries if question.takes(summary)]


def _reads(clients: Clients, question: Question, summary: Answer) -> Reads:
    """What is to be read of a listed one."""
    kind, arn, reads = question.kind, summary[question.kind.arn_field], t.cast("Reads", {})
    if question.include_details:
        reads[f"describe {arn}"] = partial(_describe, clients, kind, summary[kind.identity])
    if question.include_tags and not kind.is_deleted(summary):
        reads[f"tags {arn}"] = partial(_tags, clients, arn)
    return reads


def _found(question: Question, summary: Answer, read: Answer) -> list[dict[str, t.Any]]:
    """What was read of a listed one; nothing when it went away since."""
    kind, arn = question.kind, summary[question.kind.arn_field]
    was_deleted = kind.is_deleted(summary)
    # AWS does not say whether it describes what is gone: the list still tells of it.
    answer = read.get(f"describe {arn}", summary) or (summary if was_deleted else None)
    tags = read.get(f"tags {arn}")
    if answer is None or (kind.is_deleted(answer) and not question.include_deleted):
        return []
    if question.include_tags and tags is None and not kind.is_deleted(answer):
        return []
    return [kind.returned(answer, tags)]


def _describe(clients: Clients, kind: Kind, identity: str) -> Answer | None:
    """What AWS says of one; None when there is none (any more)."""
    try:
        answer: Answer = getattr(clients["sagemaker"], kind.describer)(**{kind.identity: identity})
    except AWS_ERRORS as error:
        if sagemaker.is_not_found(error):
            return None
        raise MlflowError(explain(error, f"reading the {kind.noun} '{identity}'")) from error
    return answer


def _tags(clients: Clients, arn: str) -> dict[str, str] | None:
    """The tags of one; None when there is none (any more)."""
    try:
        return read_tags(clients, arn)
    except AWS_ERRORS as error:
        if sagemaker.is_not_found(error):
            return None
        doing = f"reading the tags of {arn} (include_tags: false does without)"
        raise MlflowError(explain(error, doing)) from error
