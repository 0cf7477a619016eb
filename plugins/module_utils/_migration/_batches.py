# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The fewest log-batch requests for a run, within MLflow's limits: bytes are counted, not guessed."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, field

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import json_number

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import Point

MOST_ITEMS = 1000
MOST_PARAMS = 100
MOST_TAGS = 100
MOST_BYTES = 900_000
"""MLflow takes 1 MB; the rest is for the run's id and for brackets."""


class MeasuredModel(t.NamedTuple):
    """The logged model that a point is about, by its new id."""

    model_id: str
    dataset_name: str | None
    dataset_digest: str | None


@dataclass
class Batch:
    """One request's items, each already as JSON."""

    metrics: list[str] = field(default_factory=list)
    params: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    size: int = 0

    def __len__(self) -> int:
        return len(self.metrics) + len(self.params) + len(self.tags)

    def has_room(self, kind: str, length: int) -> bool:
        """Whether another item of this length fits."""
        most = {"params": MOST_PARAMS, "tags": MOST_TAGS}.get(kind, MOST_ITEMS)
        return len(self) < MOST_ITEMS and len(getattr(self, kind)) < most and self.size + length <= MOST_BYTES

    def add(self, kind: str, item: str) -> None:
        """Another item."""
        getattr(self, kind).append(item)
        self.size += len(item) + 1

    def body(self, run_id: str) -> bytes:
        """The request."""
        parts = [f'"run_id":{json.dumps(run_id)}']
        parts += [
            f'"{kind}":[{",".join(items)}]'
            for kind, items in (("metrics", self.metrics), ("params", self.params), ("tags", self.tags))
            if items
        ]
        return f"{{{','.join(parts)}}}".encode()

    def halves(self) -> tuple[Batch, Batch]:
        """The same items in two requests, to find one that is refused."""
        items = [(kind, item) for kind in ("metrics", "params", "tags") for item in getattr(self, kind)]
        middle = len(items) // 2
        first, second = Batch(), Batch()
        for number, (kind, item) in enumerate(items):
            (first if number < middle else second).add(kind, item)
        return first, second


def batches(
    chunks: Iterable[Iterable[Point]],
    params: Mapping[str, str],
    tags: Mapping[str, str],
    models: Mapping[tuple[str, int, int], list[MeasuredModel]],
) -> Iterator[Batch]:
    """Everything of a run that log-batch takes.

    :param models: which logged models a point (by key, time and step) is about.
    """
    waiting = {
        "params": [_pair(key, value) for key, value in params.items()],
        "tags": [_pair(key, value) for key, value in tags.items()],
    }
    batch = _filled(Batch(), waiting)
    for item in _metrics(chunks, models):
        if not batch.has_room("metrics", len(item)):
            yield batch
            batch = _filled(Batch(), waiting)
        batch.add("metrics", item)
    while len(batch):
        yield batch
        batch = _filled(Batch(), waiting)


def _filled(batch: Batch, waiting: dict[str, list[str]]) -> Batch:
    for kind, items in waiting.items():
        while items and batch.has_room(kind, len(items[0])):
            batch.add(kind, items.pop(0))
    return batch


def _pair(key: str, value: str) -> str:
    return json.dumps({"key": key, "value": value}, separators=(",", ":"))


def _metrics(
    chunks: Iterable[Iterable[Point]], models: Mapping[tuple[str, int, int], list[MeasuredModel]]
) -> Iterator[str]:
    keys: dict[str, str] = {}
    for chunk in chunks:
        for key, value, timestamp, step in chunk:
            quoted = keys.get(key) or keys.setdefault(key, json.dumps(key))
            text = f'{{"key":{quoted},"value":{json.dumps(json_number(value))},"timestamp":{timestamp},"step":{step}'
            about = models.get((key, timestamp, step)) if models else None
            if not about:
                yield f"{text}}}"
                continue
            for model in about:
                yield f"{text}{_about(model)}}}"


def _about(model: MeasuredModel) -> str:
    told = {"model_id": model.model_id}
    if model.dataset_name:
        told.update(dataset_name=model.dataset_name, dataset_digest=model.dataset_digest or "")
    return "," + json.dumps(told, separators=(",", ":"))[1:-1]
