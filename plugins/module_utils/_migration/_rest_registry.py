# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Writing to an MLflow server's model registry over REST."""

from __future__ import annotations

import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration import _rest_parse as parse
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._rest_target import (
    V2,
    RestTarget,
    pairs,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_api import ApiError

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import ModelVersion

Document = dict[str, t.Any]


class RestRegistry:
    """The registry of one server."""

    def __init__(self, target: RestTarget) -> None:
        self._api = target.api
        self._target = target

    def create(self, name: str, description: str, tags: Mapping[str, str]) -> None:
        """A registered model or prompt without versions. One of that name that is there already stays as it is."""

        def find() -> Document | None:
            try:
                return self._api.get(f"{V2}/registered-models/get", {"name": name})
            except ApiError as error:
                if error.status == 404:
                    return None
                raise

        body = {"name": name, "tags": pairs(tags), "description": description}
        self._api.create(f"{V2}/registered-models/create", body, find)

    def describe(self, name: str, description: str) -> None:
        """Another description."""
        self._api.send("PATCH", f"{V2}/registered-models/update", body={"name": name, "description": description})

    def set_tag(self, name: str, key: str, value: str) -> None:
        """Set, whether or not it is there."""
        self._api.send("POST", f"{V2}/registered-models/set-tag", body={"name": name, "key": key, "value": value})

    def set_alias(self, name: str, alias: str, version: int) -> None:
        """To this version, whichever it was before."""
        body = {"name": name, "alias": alias, "version": str(version)}
        self._api.send("POST", f"{V2}/registered-models/alias", body=body)

    def delete_alias(self, name: str, alias: str) -> None:
        """Gone, whether or not it was there."""
        self._api.send("DELETE", f"{V2}/registered-models/alias", body={"name": name, "alias": alias})

    def create_version(self, number: int, body: Document) -> ModelVersion:
        """The next version, which the server numbers; after a lost answer the one that has this number by now."""

        def find() -> Document | None:
            try:
                question = {"name": body["name"], "version": str(number)}
                return self._api.get(f"{V2}/model-versions/get", question)
            except ApiError as error:
                if error.status == 404:
                    return None
                raise

        return parse.version(self._api.create(f"{V2}/model-versions/create", body, find)["model_version"])

    def delete_version(self, name: str, number: int) -> None:
        """Gone, whether or not it was there."""
        try:
            self._api.send("DELETE", f"{V2}/model-versions/delete", body={"name": name, "version": str(number)})
        except ApiError as error:
            if error.status != 404:
                raise

    def describe_version(self, name: str, number: int, description: str) -> None:
        """Another description."""
        body = {"name": name, "version": str(number), "description": description}
        self._api.send("PATCH", f"{V2}/model-versions/update", body=body)

    def set_version_tag(self, name: str, number: int, key: str, value: str) -> None:
        """Set, whether or not it is there."""
        body = {"name": name, "version": str(number), "key": key, "value": value}
        self._api.send("POST", f"{V2}/model-versions/set-tag", body=body)

    def set_stage(self, name: str, number: int, stage: str) -> None:
        """Without touching other versions."""
        body = {"name": name, "version": str(number), "stage": stage, "archive_existing_versions": False}
        self._api.send("POST", f"{V2}/model-versions/transition-stage", body=body)
