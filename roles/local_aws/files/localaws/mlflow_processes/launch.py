# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What distinguishes one MLflow server from another."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path


class Resource(Protocol):
    """What a server process needs to know of a tracking server or App (``control_plane.store.MlflowResource``)."""

    @property
    def arn(self) -> str:
        """Its identity."""

    @property
    def kind(self) -> str:
        """C(tracking_server) or C(app)."""

    @property
    def region(self) -> str:
        """Where it is."""

    @property
    def artifact_store_uri(self) -> str:
        """Where the artifacts go."""

    @property
    def role_arn(self) -> str:
        """The role that it assumes to reach them."""


class LaunchError(Exception):
    """A server did not come up; the message says why, in words for its owner."""


@dataclass(frozen=True)
class Launch:
    """All that a running server was started with; a difference means that it has to be started anew."""

    arn: str
    region: str
    artifact_root: str
    role_arn: str
    workspaces: bool
    directory: Path

    @classmethod
    def of(cls, resource: Resource, servers: Path) -> Launch:
        """Apps have MLflow's workspaces, tracking servers do not (AWS's own client tests them on Apps only)."""
        return cls(
            arn=resource.arn,
            region=resource.region,
            artifact_root=resource.artifact_store_uri.rstrip("/"),
            role_arn=resource.role_arn,
            workspaces=resource.kind == "app",
            directory=servers / identifier(resource.arn),
        )

    @property
    def database(self) -> Path:
        return self.directory / "mlflow.db"

    @property
    def log(self) -> Path:
        return self.directory / "server.log"


def identifier(arn: str) -> str:
    """A name for files and URLs: readable, short, and different for equal names in two regions or accounts."""
    name = arn.rpartition("/")[2]
    return f"{name[:48]}-{hashlib.sha256(arn.encode()).hexdigest()[:8]}".lower()


def last_lines(log: Path, count: int = 12) -> str:
    """The end of a log file, for the message of a failure."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(lines[-count:])
