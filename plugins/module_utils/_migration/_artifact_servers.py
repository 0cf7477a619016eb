# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Places that hold files behind an MLflow server: its artifact proxy, and what it hands out of stores only it can reach."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from urllib.parse import quote

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifact_places import ArtifactFile
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_api import ApiError

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_api import MlflowApi

PROXY = "/api/2.0/mlflow-artifacts/artifacts"


@dataclass(frozen=True)
class ProxiedFolder:
    """A folder of what a server calls mlflow-artifacts:."""

    api: MlflowApi = field(repr=False)
    root: str

    def files(self) -> Iterator[ArtifactFile]:
        """One request for each folder."""
        folders = [""]
        while folders:
            folder = folders.pop()
            listed = self.api.get(PROXY, {"path": "/".join(part for part in (self.root, folder) if part)})
            for item in listed.get("files", ()):
                path = "/".join(part for part in (folder, item["path"]) if part)
                if item.get("is_dir"):
                    folders.append(path)
                else:
                    yield ArtifactFile(path, int(item.get("file_size") or 0))

    def read(self, path: str) -> Iterator[bytes]:
        """The file, a piece at a time."""
        return self.api.download(f"{PROXY}/{quote(f'{self.root}/{path}')}")

    def write(self, path: str, size: int, content: Iterator[bytes]) -> None:
        """In one request."""
        self.api.upload(f"{PROXY}/{quote(f'{self.root}/{path}')}", size, content)


@dataclass(frozen=True)
class ServedFolder:
    """What a server hands out of a run's or model's files, wherever they are. It takes none that way."""

    api: MlflowApi = field(repr=False)
    kind: str
    id: str

    def files(self) -> Iterator[ArtifactFile]:
        """One request for each folder."""
        folders: list[str | None] = [None]
        while folders:
            folder = folders.pop()
            for item in self._listed(folder):
                if item.get("is_dir"):
                    folders.append(item["path"])
                else:
                    yield ArtifactFile(item["path"], int(item.get("file_size") or 0))

    def read(self, path: str) -> Iterator[bytes]:
        """The file, a piece at a time."""
        if self.kind == "run":
            return self.api.download("/get-artifact", {"path": path, "run_uuid": self.id})
        folder = f"/ajax-api/2.0/mlflow/logged-models/{self.id}/artifacts/files"
        return self.api.download(folder, {"artifact_file_path": path})

    def write(self, path: str, size: int, content: Iterator[bytes]) -> None:  # noqa: ARG002  # as every place has it
        """Refused: only the server's own machine could."""
        raise MlflowError(
            f"{self.api.endpoint.name} keeps artifacts where only it can write ({self.kind} {self.id}). Start it with "
            "--serve-artifacts, or with an s3:// URI as --default-artifact-root."
        )

    def _listed(self, folder: str | None) -> list[dict[str, t.Any]]:
        question = {"path": folder} if folder else {}
        if self.kind == "run":
            path, question = "/api/2.0/mlflow/artifacts/list", {"run_id": self.id, **question}
        else:
            path = f"/api/2.0/mlflow/logged-models/{self.id}/artifacts/directories"
            question = {"artifact_directory_path": folder} if folder else {}
        try:
            return [item for page in self.api.pages(path, question, by_post=False) for item in page.get("files", ())]
        except ApiError as error:
            if error.status == 404:
                return []
            raise
