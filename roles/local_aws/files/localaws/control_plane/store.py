# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What SageMaker knows about tracking servers and Apps: plain records, and where they are kept."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

from localaws import instance

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

Kind = Literal["tracking_server", "app"]


@dataclass
class Transition:
    """Something under way: the resource stays in a transient status until it ends."""

    verb: str
    due: float
    fails: bool = False
    awaits_process: bool = False
    changes: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Actor:
    """Who created or changed a resource, as Describe tells it."""

    arn: str
    principal_id: str


@dataclass
class MlflowResource:
    """One tracking server or App. Only plain values, so that it can be saved as it is."""

    arn: str
    kind: Kind
    name: str
    account_id: str
    region: str
    artifact_store_uri: str
    role_arn: str
    mlflow_version: str
    status: str
    weekly_maintenance_window_start: str
    creation_time: datetime
    created_by: Actor
    last_modified_time: datetime
    last_modified_by: Actor
    url_id: str
    tags: dict[str, str] = field(default_factory=dict)
    automatic_model_registration: bool = False
    size: str = "Small"
    bucket_owner_account_id: str = ""
    bucket_owner_verification: bool = True
    kms_key_id: str | None = None
    account_default: bool = False
    default_domain_ids: list[str] = field(default_factory=list)
    running: bool = False
    maintenance_status: str | None = None
    maintenance_looked_at: float = 0.0
    transition: Transition | None = None
    deleted_at: float | None = None

    def is_active(self, now: datetime) -> bool:
        """Whether its MLflow serves. A stop that is over at C(now) counts, even when nobody has looked since."""
        stopping = self.transition
        stopped = stopping is not None and stopping.verb == "stop" and not stopping.fails
        return self.running and not (stopped and stopping is not None and now.timestamp() >= stopping.due)

    @property
    def is_deleted(self) -> bool:
        """An App that is gone but still listed as C(Deleted)."""
        return self.deleted_at is not None


class Store:
    """All tracking servers and Apps. Whoever asks gets them as they are at that moment: timers run when looked at."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._resources: dict[str, MlflowResource] = {}
        self._settle: Callable[[MlflowResource], None] = _settle_with_installed_instance

    def find(self, arn: str) -> MlflowResource | None:
        """The resource with this ARN, brought up to date."""
        with self.lock:
            resource = self._resources.get(arn)
            if resource is not None:
                self._settle(resource)
            return self._resources.get(arn)

    def all(self) -> list[MlflowResource]:
        """Every resource of every account and region, brought up to date."""
        with self.lock:
            for resource in list(self._resources.values()):
                self._settle(resource)
            return list(self._resources.values())

    def of(self, kind: Kind, account_id: str, region: str) -> list[MlflowResource]:
        """The resources that one account has in one region."""
        return [
            each for each in self.all() if each.kind == kind and each.account_id == account_id and each.region == region
        ]

    def add(self, resource: MlflowResource) -> None:
        """Keep a new resource."""
        with self.lock:
            self._resources[resource.arn] = resource

    def remove(self, arn: str) -> None:
        """Forget a resource."""
        with self.lock:
            self._resources.pop(arn, None)

    def clear(self) -> None:
        """Forget everything."""
        with self.lock:
            self._resources.clear()

    def dump(self) -> object:
        """All records, to be saved."""
        with self.lock:
            return list(self._resources.values())

    def load(self, saved: object) -> None:
        """Take over saved records and bring back the MLflow of every resource that needs one."""
        with self.lock:
            self._resources = {each.arn: each for each in cast("list[MlflowResource]", saved)}
            for resource in self._resources.values():
                if resource.running or (resource.transition and resource.transition.awaits_process):
                    instance.current().processes.ensure(resource)


def _settle_with_installed_instance(resource: MlflowResource) -> None:
    from localaws.control_plane import states  # states needs the records defined above

    states.settle(instance.current(), resource)
