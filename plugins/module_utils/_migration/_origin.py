# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What the target remembers of where a thing came from: tags by which it is found again, whoever runs the next time."""

from __future__ import annotations

import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import (
    EvaluationDataset,
    Experiment,
    LoggedModel,
    ModelVersion,
    RegisteredModel,
    Run,
    Trace,
    digest,
)

PREFIX = "mlops.origin."
ID = f"{PREFIX}id"
DIGEST = f"{PREFIX}digest"
CREATED = f"{PREFIX}creation_time"
UPDATED = f"{PREFIX}last_update_time"
SOURCE = f"{PREFIX}source"
USER = f"{PREFIX}user_id"
MESSAGE = f"{PREFIX}status_message"
FILLER = f"{PREFIX}filler"
"""On a version that only exists so that the next one gets its number."""

ADDED_BY_SERVER = ("mlflow.artifactLocation", "mlflow.trace.spansLocation", "mlflow.modelVersions")
"""Tags that a server writes itself, about itself."""


def is_own(key: str) -> bool:
    """Whether a tag is one of these."""
    return key.startswith(PREFIX)


def foreign(tags: t.Mapping[str, str]) -> dict[str, str]:
    """The tags that are the user's: what came from another migration before stays behind."""
    return {key: value for key, value in tags.items() if not is_own(key) and key not in ADDED_BY_SERVER}


def _told(**values: t.Any) -> dict[str, str]:
    return {f"{PREFIX}{key}": str(value) for key, value in values.items() if value not in (None, "")}


def of_experiment(experiment: Experiment) -> dict[str, str]:
    """Its id, and times that the API does not let one set."""
    return _told(id=experiment.id, creation_time=experiment.creation_time, last_update_time=experiment.last_update_time)


def run_digest(run: Run) -> str:
    """Changes when anything about a run does that a search shows."""
    return digest(
        run.name,
        run.user_id,
        run.status,
        run.start_time,
        run.end_time,
        run.lifecycle_stage,
        run.params,
        run.tags,
        {key: [repr(point.value), point.timestamp, point.step] for key, point in run.latest.items()},
        sorted((each.name, each.digest) for each in run.datasets),
        sorted(run.model_outputs),
    )


def of_model(model: LoggedModel) -> dict[str, str]:
    """Its id, and what the API does not let one set."""
    return _told(
        id=model.id,
        creation_time=model.creation_time,
        last_update_time=model.last_update_time,
        status_message=model.status_message,
    )


def of_version(version: ModelVersion) -> dict[str, str]:
    """Its times, maker and place."""
    return _told(
        id=version.version,
        creation_time=version.creation_time,
        last_update_time=version.last_update_time,
        user_id=version.user_id,
        source=version.source,
        digest=version_digest(version),
    )


def version_digest(version: ModelVersion) -> str:
    """Changes when anything about a version does that can be changed later."""
    return digest(version.description, version.stage, version.tags)


def of_registered_model(model: RegisteredModel) -> dict[str, str]:
    """Its times."""
    return _told(
        id=model.name,
        creation_time=model.creation_time,
        last_update_time=model.last_update_time,
        digest=registered_model_digest(model),
    )


def registered_model_digest(model: RegisteredModel) -> str:
    """Changes when anything but its versions does."""
    return digest(model.description, model.tags, model.aliases)


def trace_digest(trace: Trace) -> str:
    """Changes when anything about a trace does that a search shows."""
    shown = {key: value for key, value in trace.tags.items() if key not in ADDED_BY_SERVER}
    return digest(trace.state, trace.duration, trace.metadata, shown, trace.assessments)


def of_evaluation_dataset(dataset: EvaluationDataset) -> dict[str, str]:
    """Its id, time and maker, and a fingerprint of its records."""
    return _told(
        id=dataset.id,
        creation_time=dataset.creation_time,
        user_id=dataset.created_by,
        digest=digest(dataset.name, dataset.tags, dataset.records),
    )
