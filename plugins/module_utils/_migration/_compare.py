# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What differs between a thing of the source and the same thing of the target, as pure functions over plain entities.

Ids are compared as the target's: the journal says what became of them.
"""

from __future__ import annotations

import hashlib
import json
import math
import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration import _origin as origin
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import DELETED

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import (
        EvaluationDataset,
        Experiment,
        LoggedModel,
        ModelVersion,
        Point,
        RegisteredModel,
        Run,
        Trace,
    )

NewId: t.TypeAlias = "Callable[[str, str | None], str | None]"
SHOWN = 80
NAME_TAG = "mlflow.runName"
SERVERS_OWN = (*origin.ADDED_BY_SERVER, NAME_TAG)
FINALIZED = "mlflow.trace.infoFinalized"
HUGE = 1.7976931348623157e308
"""What MLflow makes of an infinity when it stores one."""


def _differ(what: str, before: t.Any, after: t.Any) -> Iterator[str]:
    if before != after:
        yield f"{what}: {_short(before)} became {_short(after)}"


def _short(value: t.Any) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _pairs(what: str, before: dict[str, t.Any], after: dict[str, t.Any]) -> Iterator[str]:
    for key in sorted(before.keys() | after.keys()):
        if key not in after:
            yield f"{what} {_short(key)} is missing"
        elif key not in before:
            yield f"{what} {_short(key)} is more"
        else:
            yield from _differ(f"{what} {_short(key)}", before[key], after[key])


def _users(tags: dict[str, str], with_new_ids: Callable[[str], str] | None = None) -> dict[str, str]:
    kept = {key: value for key, value in origin.foreign(tags).items() if key not in SERVERS_OWN}
    return {key: with_new_ids(value) for key, value in kept.items()} if with_new_ids else kept


def experiment(before: Experiment, after: Experiment) -> list[str]:
    """Name, lifecycle, tags."""
    return [
        *_differ("name", before.name, after.name),
        *_differ("lifecycle", before.lifecycle_stage, after.lifecycle_stage),
        *_pairs("tag", _users(before.tags), _users(after.tags)),
    ]


def run(before: Run, after: Run, new_id: NewId, with_new_ids: Callable[[str], str], is_buried: bool) -> list[str]:
    """Everything but histories and files.

    :param is_buried: the run's experiment is deleted, and with it the run.
    """
    lifecycle = DELETED if is_buried else before.lifecycle_stage
    fields = ("user_id", "status", "start_time", "end_time")
    found = [difference for each in fields for difference in _differ(each, getattr(before, each), getattr(after, each))]
    found += _differ("name", before.name or after.name, after.name)
    found += _differ("lifecycle", lifecycle, after.lifecycle_stage)
    found += _pairs("param", before.params, after.params)
    found += _pairs("tag", _users(before.tags, with_new_ids), _users(after.tags))
    found += _pairs("latest value of", _values(before), _values(after))
    found += _differ("datasets", _datasets(before), _datasets(after))
    outputs = sorted((str(new_id("model", each)), step) for each, step in before.model_outputs)
    found += _differ("models made", outputs, sorted(after.model_outputs))
    inputs = sorted(str(new_id("model", each)) for each in before.model_inputs)
    return [*found, *_differ("models used", inputs, sorted(after.model_inputs))]


def _values(one: Run) -> dict[str, tuple[str, int, int]]:
    return {key: (plain_value(point.value), point.timestamp, point.step) for key, point in one.latest.items()}


def _datasets(one: Run) -> list[str]:
    return sorted(json.dumps(vars(dataset), sort_keys=True) for dataset in one.datasets)


def plain_value(value: float) -> str:
    """A metric's value as both sides write it."""
    if math.isinf(value):
        return repr(math.copysign(HUGE, value))
    return repr(float(value))


class HistoryDigest:
    """The content of a history whatever the order of its points, in a few bytes."""

    def __init__(self) -> None:
        self.points = 0
        self._sum = 0

    def add(self, points: Iterable[Point]) -> HistoryDigest:
        """More points."""
        for key, value, timestamp, step in points:
            self.points += 1
            content = f"{key}\0{plain_value(value)}\0{timestamp}\0{step}".encode()
            self._sum += int.from_bytes(hashlib.blake2b(content, digest_size=16).digest(), "big")
        return self

    @property
    def value(self) -> str:
        """Equal for equal points; a point that is there twice counts twice."""
        return f"{self.points} points, {self._sum & ((1 << 128) - 1):032x}"


def logged_model(before: LoggedModel, after: LoggedModel, new_id: NewId) -> list[str]:
    """Everything but files."""
    fields = ("name", "model_type", "status")
    found = [difference for each in fields for difference in _differ(each, getattr(before, each), getattr(after, each))]
    found += _differ("run", new_id("run", before.source_run_id), after.source_run_id)
    found += _pairs("param", before.params, after.params)
    found += _pairs("tag", _users(before.tags), _users(after.tags))
    expected = _points(before, lambda run_id: str(new_id("run", run_id)))
    return [*found, *_differ("metrics", expected, _points(after, str))]


def _points(model: LoggedModel, new_run: Callable[[str], str]) -> list[tuple[t.Any, ...]]:
    return sorted(
        (new_run(run_id), point.key, plain_value(point.value), point.timestamp, point.step, name or "", digest or "")
        for run_id, point, name, digest in model.metrics
    )


def registered_model(before: RegisteredModel, after: RegisteredModel) -> list[str]:
    """Everything but versions."""
    return [
        *_differ("description", before.description, after.description),
        *_pairs("tag", _users(before.tags), _users(after.tags)),
        *_pairs("alias", before.aliases, after.aliases),
    ]


def version(before: ModelVersion, after: ModelVersion, new_id: NewId, source: str | None) -> list[str]:
    """One version.

    :param source: where its files should be now; None when they did not move.
    """
    expected_run = new_id("run", before.run_id)
    return [
        *_differ("description", before.description, after.description),
        *_differ("stage", before.stage, after.stage),
        *_differ("source", source or before.source, after.source),
        # A version without a run may be given the one of its logged model by the server.
        *(_differ("run", expected_run, after.run_id) if expected_run else ()),
        *_pairs("tag", _users(before.tags), _users(after.tags)),
    ]


def trace(before: Trace, after: Trace, with_new_ids: Callable[[str], str]) -> list[str]:
    """Everything but spans."""
    fields = ("request_time", "duration", "state", "client_request_id", "request_preview", "response_preview")
    found = [difference for each in fields for difference in _differ(each, getattr(before, each), getattr(after, each))]
    expected = {key: with_new_ids(value) for key, value in before.metadata.items() if key != FINALIZED}
    found += _pairs("metadata", expected, {key: each for key, each in after.metadata.items() if key != FINALIZED})
    found += _pairs("tag", _users(before.tags), _users(after.tags))
    return [*found, *_pairs("assessment", _assessments(before), _assessments(after))]


def _assessments(one: Trace) -> dict[str, str]:
    return {
        f"{each.get('assessment_id')} {key}": json.dumps(value, sort_keys=True)
        for each in one.assessments
        for key, value in each.items()
        # A server sets it anew.
        if key != "valid"
    }


def spans(before: Trace, after: Trace) -> list[str]:
    """Content of the spans, whatever their order and the spelling of their JSON."""
    return list(_differ("spans", _spans(before), _spans(after)))


def _spans(one: Trace) -> list[str]:
    return sorted(json.dumps(_span(each), sort_keys=True) for each in one.spans or ())


def _span(span: dict[str, t.Any]) -> dict[str, t.Any]:
    attributes = {key: _parsed(value) for key, value in (span.get("attributes") or {}).items()}
    return {**span, "attributes": attributes}


def _parsed(text: t.Any) -> t.Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text


def evaluation_dataset(before: EvaluationDataset, after: EvaluationDataset, new_id: NewId) -> list[str]:
    """Name, tags, experiments and records."""
    experiments = sorted(str(new_id("experiment", each)) for each in before.experiment_ids)
    return [
        *_differ("name", before.name, after.name),
        *_pairs("tag", _users(before.tags), _users(after.tags)),
        *_differ("experiments", experiments, sorted(after.experiment_ids)),
        *_differ("records", _records(before), _records(after)),
    ]


def _records(one: EvaluationDataset) -> list[str]:
    kept = ("inputs", "outputs", "expectations", "tags")
    return sorted(
        json.dumps({key: record[key] for key in kept if record.get(key) not in (None, {})}, sort_keys=True)
        for record in one.records
    )
