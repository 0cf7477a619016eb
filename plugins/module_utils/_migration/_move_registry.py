# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Registered models and prompts: versions keep their numbers, gaps too; stages and aliases come last."""

from __future__ import annotations

import re
import typing as t
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import read_concurrently
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration import _origin as origin
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration import _rest_parse as parse
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import (
    PROMPT_TAG,
    ModelVersion,
    RegisteredModel,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._journal import Moved
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._rest_registry import RestRegistry
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._rest_target import pairs
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_api import ApiError

if t.TYPE_CHECKING:
    from collections.abc import Iterable

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._context import Context

SAGEMAKER_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,56}")
PROMPT_SOURCE = "dummy-source"
FILLER_SOURCE = "s3://filler/of/a/deleted/version"


class RegistryMover:
    """Moves the registry of one source."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._registry = RestRegistry(context.target)
        self._there: dict[str, RegisteredModel] = {}

    def survey(self) -> None:
        """Find out what is in the target."""
        target = self._context.target
        read = read_concurrently(
            {"versions": lambda: list(target.versions()), "models": lambda: list(target.registered_models())}
        )
        versions: dict[str, list[ModelVersion]] = {}
        for version in read["versions"]:
            versions.setdefault(version.name, []).append(version)
        for item in read["models"]:
            self._there[item["name"]] = parse.registered_model(item, versions.get(item["name"], ()))

    def there(self, name: str) -> RegisteredModel | None:
        """A registered model of the target as the survey found it."""
        return self._there.get(name)

    def move_all(self, models: Iterable[RegisteredModel]) -> None:
        """Every registered model and prompt of these that is meant."""
        with ThreadPoolExecutor(self._context.workers) as pool:
            futures = [pool.submit(self._move, model) for model in models]
            for future in futures:
                future.result()

    def _move(self, model: RegisteredModel) -> None:
        kind = "prompt" if model.is_prompt else "registered_model"
        tally = self._context.tally
        try:
            if not self._context.filters.takes_model(model.name):
                tally.add(kind, left_out=1)
            elif model.is_prompt and not self._context.target.can.prompts:
                tally.add(kind, left_out=1)
                tally.problem(kind, model.name, model.name, "the target's version of MLflow has no prompts")
            else:
                tally.add(kind, **{self._converge(model, kind): 1})
        except ApiError as error:
            if error.status == 0:
                raise
            tally.add(kind, failed=1)
            tally.problem(kind, model.name, model.name, error.message)
        self._context.advance(kind, 1)

    def _converge(self, model: RegisteredModel, kind: str) -> str:
        there = self._there.get(model.name)
        digest = origin.registered_model_digest(model)
        tags = {**origin.foreign(model.tags), **origin.of_registered_model(model)}
        if there is None:
            # Everything but the digest, which says that the model is whole.
            first = {key: value for key, value in tags.items() if key != origin.DIGEST}
            self._registry.create(model.name, model.description, first)
            now = RegisteredModel(model.name, None, None, model.description, first, {})
            self._judge_name(model, kind)
        else:
            now = there
        self._context.journal.put(Moved(kind, model.name, model.name, digest, {"name": model.name}))
        known = {version.version: version for version in there.versions} if there else {}
        touched = self._versions(model, known)
        if there is not None and there.tags.get(origin.DIGEST) == digest:
            return "updated" if touched else "unchanged"
        self._settings(model, now, tags)
        return "created" if there is None else "updated"

    def _judge_name(self, model: RegisteredModel, kind: str) -> None:
        is_managed = self._context.target.api.endpoint.is_managed
        if is_managed and not model.is_prompt and not SAGEMAKER_NAME.fullmatch(model.name):
            what = "SageMaker's model registry takes no such name: the model is in MLflow's registry only"
            self._context.tally.problem(kind, model.name, model.name, what, is_loss=False)

    def _settings(self, model: RegisteredModel, there: RegisteredModel, tags: dict[str, str]) -> None:
        """Everything but the versions; the digest comes last."""
        if there.description != model.description:
            self._registry.describe(model.name, model.description)
        for alias, number in model.aliases.items():
            if there.aliases.get(alias) != number:
                self._registry.set_alias(model.name, alias, number)
        if origin.ID in there.tags:
            for alias in set(there.aliases) - set(model.aliases):
                self._registry.delete_alias(model.name, alias)
        for key, value in tags.items():
            if there.tags.get(key) != value:
                self._registry.set_tag(model.name, key, value)

    def _versions(self, model: RegisteredModel, known: dict[int, ModelVersion]) -> bool:
        """Create and update; whether anything was written. Fillers go when the numbers after them are there."""
        kind = "prompt_version" if model.is_prompt else "model_version"
        tally = self._context.tally
        last = max(known, default=0)
        fillers = [number for number, version in known.items() if origin.FILLER in version.tags]
        touched = bool(fillers)
        for version in model.versions:
            there = known.get(version.version)
            if there is not None and origin.FILLER not in there.tags:
                outcome = self._update(version, there)
            elif version.version <= last:
                tally.problem(kind, _id(version), model.name, "its number is taken or was used up in the target")
                outcome = "failed"
            else:
                fillers += self._fill(model, last + 1, version.version)
                outcome = self._create(model, version, kind)
                last = version.version
            touched = touched or outcome in ("created", "updated")
            tally.add(kind, **{outcome: 1})
        for number in fillers:
            self._registry.delete_version(model.name, number)
        return touched

    def _fill(self, model: RegisteredModel, first: int, end: int) -> list[int]:
        source = PROMPT_SOURCE if model.is_prompt else FILLER_SOURCE
        marks = {origin.FILLER: "true", **self._prompt_marks(model, "filler")}
        for number in range(first, end):
            self._registry.create_version(number, {"name": model.name, "source": source, "tags": pairs(marks)})
        return list(range(first, end))

    def _prompt_marks(self, model: RegisteredModel, text: str) -> dict[str, str]:
        return {PROMPT_TAG: "true", "mlflow.prompt.text": text} if model.is_prompt else {}

    def _create(self, model: RegisteredModel, version: ModelVersion, kind: str) -> str:
        body, is_moved = self._body(version, model.is_prompt)
        try:
            made = self._registry.create_version(version.version, body)
        except ApiError as error:
            if error.status != 400 or model.is_prompt or "run_id" not in body:
                raise
            # The files are where no run of the target is: the version keeps its place, and names its run in a tag.
            body.pop("run_id")
            body["tags"] = [*body["tags"], {"key": f"{origin.PREFIX}run_id", "value": str(version.run_id)}]
            made = self._registry.create_version(version.version, body)
            self._context.tally.problem(kind, _id(version), model.name, f"without a link to its run: {error.message}")
        if made.version != version.version:
            self._registry.delete_version(model.name, made.version)
            self._context.tally.problem(kind, _id(version), model.name, f"the target numbered it {made.version}")
            return "failed"
        if version.stage not in ("None", ""):
            self._registry.set_stage(model.name, version.version, version.stage)
        if not is_moved:
            what = f"its files are not among those that moved: it still points to {version.source}"
            self._context.tally.problem(kind, _id(version), model.name, what, is_loss=False)
        facts = {"name": model.name}
        self._context.journal.put(Moved(kind, _id(version), str(made.version), origin.version_digest(version), facts))
        return "created"

    def _body(self, version: ModelVersion, is_prompt: bool) -> tuple[dict[str, t.Any], bool]:
        journal = self._context.journal
        source = version.source if is_prompt else self._context.new_source(version.source, version.run_id)
        tags = {**origin.foreign(version.tags), **origin.of_version(version)}
        new_source = source or version.source or FILLER_SOURCE
        optional = {
            "description": version.description,
            "run_link": version.run_link,
            "run_id": journal.new_id("run", version.run_id),
            "model_id": journal.new_id("model", _model_of(version)),
        }
        if version.run_id and not optional["run_id"]:
            tags[f"{origin.PREFIX}run_id"] = version.run_id
        body = {"name": version.name, "source": new_source, "tags": pairs(tags)}
        body.update({key: value for key, value in optional.items() if value})
        return body, source is not None

    def _update(self, version: ModelVersion, there: ModelVersion) -> str:
        digest = origin.version_digest(version)
        kind = "prompt_version" if PROMPT_TAG in version.tags else "model_version"
        facts = {"name": version.name}
        self._context.journal.put(Moved(kind, _id(version), str(there.version), digest, facts))
        if there.tags.get(origin.ID) is None:
            what = "the target has a version of this number that no migration made"
            self._context.tally.problem(kind, _id(version), version.name, what)
            return "failed"
        is_staged = there.stage == version.stage
        if there.tags.get(origin.DIGEST) == digest and is_staged:
            return "unchanged"
        if there.description != version.description:
            self._registry.describe_version(version.name, version.version, version.description)
        if not is_staged:
            self._registry.set_stage(version.name, version.version, version.stage)
        for key, value in {**origin.foreign(version.tags), origin.DIGEST: digest}.items():
            if there.tags.get(key) != value:
                self._registry.set_version_tag(version.name, version.version, key, value)
        return "updated"


def _id(version: ModelVersion) -> str:
    return f"{version.name}/{version.version}"


def _model_of(version: ModelVersion) -> str | None:
    """The logged model that a version is made of, by its old id."""
    if version.model_id:
        return version.model_id
    for part in version.source.split("/"):
        if part.startswith("m-") and len(part) == 34:
            return part
    return None
