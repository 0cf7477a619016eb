# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""EventBridge Scheduler: moto keeps the schedules, this carries them out on the clock that can be moved."""

from __future__ import annotations


def register() -> None:
    """Take Scheduler's place in moto. Must run before the first request: moto keeps what it finds then."""
    from moto.scheduler import urls  # the parts that read expressions need no moto

    from localaws.schedules.responses import RepairedSchedulerResponse  # as above

    for path in urls.url_paths:
        urls.url_paths[path] = RepairedSchedulerResponse.dispatch
