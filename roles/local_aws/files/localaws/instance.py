# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The running local AWS, reachable from code that moto calls without an argument of ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from localaws.changes import Changes
from localaws.past_answers import PastAnswers
from localaws.rate_limits import RateLimits
from localaws.schedules.invocations import Invocations

if TYPE_CHECKING:
    from localaws.clock import Clock
    from localaws.control_plane.store import Store
    from localaws.data_plane.presigned import PresignedLinks
    from localaws.data_plane.sessions import Sessions
    from localaws.faults import Faults
    from localaws.mlflow_processes import Processes
    from localaws.request_log import RequestLog
    from localaws.settings import Settings


@dataclass
class Instance:
    """All parts with state. Everything here but ``processes`` survives a restart."""

    settings: Settings
    clock: Clock
    request_log: RequestLog
    faults: Faults
    store: Store
    processes: Processes
    presigned: PresignedLinks
    sessions: Sessions
    rate_limits: RateLimits = field(default_factory=RateLimits)
    changes: Changes = field(default_factory=Changes)
    invocations: Invocations = field(default_factory=Invocations)
    past_answers: PastAnswers = field(default_factory=PastAnswers)

    @property
    def endpoint(self) -> str:
        """The URL of this local AWS. An address, not a name: botocore then addresses buckets by path."""
        return f"http://127.0.0.1:{self.settings.port}"


_installed: list[Instance] = []


def install(instance: Instance) -> None:
    """Make this the instance that operations reach: moto's dispatch is static and passes none."""
    _installed[:] = [instance]


def current() -> Instance:
    """The installed instance."""
    if not _installed:
        raise RuntimeError("no local AWS is installed in this process")
    return _installed[0]
