# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Everything that moves, as plain data. Readers make it, writers take it, and neither knows the other.

Names and units are those of MLflow's REST API: times in milliseconds, values as Python numbers (NaN included).
"""

from __future__ import annotations

import hashlib
import json
import math
import typing as t
from dataclasses import dataclass, field

ACTIVE = "active"
DELETED = "deleted"
PROMPT_TAG = "mlflow.prompt.is_prompt"
PARENT_TAG = "mlflow.parentRunId"


class Point(t.NamedTuple):
    """One value of a metric."""

    key: str
    value: float
    timestamp: int
    step: int


class ModelPoint(t.NamedTuple):
    """One value of a metric of a logged model, and the run that measured it."""

    run_id: str
    point: Point
    dataset_name: str | None
    dataset_digest: str | None


@dataclass(frozen=True)
class DatasetInput:
    """A dataset that a run read."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None
    profile: str | None
    tags: dict[str, str]


@dataclass(frozen=True)
class Experiment:
    """A name under which runs are kept."""

    id: str
    name: str
    artifact_location: str
    lifecycle_stage: str
    creation_time: int | None
    last_update_time: int | None
    tags: dict[str, str]


@dataclass(frozen=True)
class Run:
    """A run without its metric histories.

    :param latest: the newest point of each metric.
    :param model_inputs: ids of logged models.
    :param model_outputs: ids of logged models with the step at which the run made them.
    """

    id: str
    experiment_id: str
    name: str
    user_id: str
    status: str
    start_time: int | None
    end_time: int | None
    lifecycle_stage: str
    artifact_uri: str
    params: dict[str, str]
    tags: dict[str, str]
    latest: dict[str, Point]
    datasets: tuple[DatasetInput, ...] = ()
    model_inputs: tuple[str, ...] = ()
    model_outputs: tuple[tuple[str, int], ...] = ()

    @property
    def parent_id(self) -> str | None:
        """The run that this one is nested in."""
        return self.tags.get(PARENT_TAG)


@dataclass(frozen=True)
class LoggedModel:
    """A model as MLflow 3 logs it: an object of its own beside the run."""

    id: str
    experiment_id: str
    name: str
    model_type: str | None
    source_run_id: str | None
    status: str
    status_message: str | None
    artifact_uri: str
    creation_time: int | None
    last_update_time: int | None
    params: dict[str, str]
    tags: dict[str, str]
    metrics: tuple[ModelPoint, ...] = ()
    lifecycle_stage: str = ACTIVE


@dataclass(frozen=True)
class ModelVersion:
    """One version of a registered model or prompt."""

    name: str
    version: int
    creation_time: int | None
    last_update_time: int | None
    description: str
    user_id: str | None
    stage: str
    source: str
    run_id: str | None
    run_link: str | None
    model_id: str | None
    status: str
    tags: dict[str, str]


@dataclass(frozen=True)
class RegisteredModel:
    """A registered model or a prompt, with all its versions in ascending order."""

    name: str
    creation_time: int | None
    last_update_time: int | None
    description: str
    tags: dict[str, str]
    aliases: dict[str, int]
    versions: tuple[ModelVersion, ...] = ()

    @property
    def is_prompt(self) -> bool:
        """Prompts are registered models with a tag."""
        return self.tags.get(PROMPT_TAG, "").lower() == "true"


@dataclass(frozen=True)
class Trace:
    """A trace with its spans and assessments.

    :param assessments: in the form of the REST API (C(feedback), C(expectation), ...).
    :param spans: in the form of the file C(traces.json); None when they could not be read.
    """

    id: str
    experiment_id: str
    request_time: int
    duration: int | None
    state: str
    client_request_id: str | None
    request_preview: str | None
    response_preview: str | None
    metadata: dict[str, str]
    tags: dict[str, str]
    assessments: tuple[dict[str, t.Any], ...] = ()
    spans: tuple[dict[str, t.Any], ...] | None = None


@dataclass(frozen=True)
class EvaluationDataset:
    """A dataset of MLflow's evaluation, with its records as the REST API takes them."""

    id: str
    name: str
    tags: dict[str, str]
    experiment_ids: tuple[str, ...]
    creation_time: int | None
    created_by: str | None
    records: tuple[dict[str, t.Any], ...] = field(default=())


def number(value: float | str) -> float:
    """A metric's value from JSON, where NaN and infinities are strings."""
    return float(value)


def json_number(value: float) -> float | str:
    """A metric's value for JSON."""
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def digest(*parts: t.Any) -> str:
    """A short fingerprint of plain data, the same on every machine."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _plain(value: t.Any) -> t.Any:
    return vars(value)
