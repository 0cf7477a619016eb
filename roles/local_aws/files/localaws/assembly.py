# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts one local AWS together.

Importing moto takes most of a second, so it happens beside the server, which meanwhile answers that it is
starting; calls that need moto wait for it.
"""

from __future__ import annotations

import copy
import json
import logging
import os
import threading
import time
import traceback
from typing import TYPE_CHECKING, cast

from localaws import __version__, persistence
from localaws.changes import Changes
from localaws.clock import Clock
from localaws.faults import Faults
from localaws.moto_pickle import write_atomically
from localaws.request_log import RequestLog

if TYPE_CHECKING:
    from collections.abc import Callable

    from localaws.control_calls import ControlPlane
    from localaws.instance import Instance
    from localaws.persistence import Persistence, Saved
    from localaws.schedules.invoker import Invoker
    from localaws.settings import Settings

CHILDREN_FILE = "children.json"
_WATCH_SECONDS = 0.5

_log = logging.getLogger(__name__)


class NotReadyError(Exception):
    """The local AWS could not be put together; the message says why."""


class Assembly:
    """The parts of a local AWS, from its first moment to its last."""

    def __init__(self, settings: Settings, holds_home: Callable[[], bool]) -> None:
        self._settings = settings
        self._holds_home = holds_home
        self._initial = copy.deepcopy(settings)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._assemble, name="assembly", daemon=True)
        self._failure: str | None = None
        self._started = time.monotonic()
        self._instance: Instance | None = None
        self._control_plane: ControlPlane | None = None
        self._invoker: Invoker | None = None
        self._persistence: Persistence | None = None

    @property
    def instance(self) -> Instance:
        """The instance; waits until it is complete."""
        self.wait_until_ready()
        return cast("Instance", self._instance)

    @property
    def control_plane(self) -> ControlPlane:
        """Where calls are carried out; waits until it is complete."""
        self.wait_until_ready()
        return cast("ControlPlane", self._control_plane)

    @property
    def invoker(self) -> Invoker:
        """What carries schedules out; waits until it is complete."""
        self.wait_until_ready()
        return cast("Invoker", self._invoker)

    def start(self) -> None:
        """Begin to put it together, in a thread of its own."""
        self._thread.start()

    def wait_until_ready(self) -> None:
        """Wait until it is complete; raises when that failed."""
        self._ready.wait()
        if self._failure is not None:
            raise NotReadyError(self._failure)

    def health(self) -> dict[str, object]:
        """What ``/_localaws/health`` tells, at any moment."""
        status = "failed" if self._failure else "ok" if self._ready.is_set() else "starting"
        health: dict[str, object] = {
            "status": status,
            "pid": os.getpid(),
            "version": __version__,
            "port": self._settings.port,
            "home": str(self._settings.home),
            "uptime_seconds": round(time.monotonic() - self._started, 1),
            "mlflow": self._settings.mlflow,
            "iam_enforcement": self._settings.iam_enforcement,
        }
        if self._failure:
            health["error"] = self._failure
        if self._instance is not None and status == "ok":
            health["mlflow_servers"] = self._instance.processes.pids()
        return health

    def save(self) -> None:
        """Save now."""
        self.wait_until_ready()
        if self._persistence is not None:
            self._persistence.save()

    def reset(self) -> None:
        """An empty account, with the settings of the start."""
        from moto.core.base_backend import BackendDict
        from moto.core.model_instances import reset_model_data

        running = self.instance
        running.processes.reset()
        with self.invoker.paused(), running.changes.lock:
            BackendDict.reset()
            reset_model_data()
            running.store.clear()
            running.presigned.load({})
            running.sessions.load({})
            running.faults.clear()
            running.past_answers.clear()
            running.rate_limits.clear()
            running.clock.reset()
            running.settings.restore(self._initial)
            running.request_log.clear()
            running.invocations.clear()
            running.changes.mark()

    def stop(self) -> None:
        """Save and end everything that was started, and what a start under way still starts."""
        self._thread.join()
        if self._invoker is not None:
            self._invoker.stop()
        if self._instance is not None:
            self._instance.processes.shutdown()
            if self._persistence is not None and self._failure is None:
                self._persistence.stop()
            self._instance.request_log.close()
        if self._holds_home():
            (self._settings.home / CHILDREN_FILE).unlink(missing_ok=True)

    def _assemble(self) -> None:
        try:
            self._put_together()
        except Exception as error:
            # Nobody is above this thread: who calls must hear why nothing works.
            _log.exception("the local AWS cannot work")
            self._failure = f"{type(error).__name__}: {error}\n{traceback.format_exc(limit=3)}"
        finally:
            self._ready.set()

    def _put_together(self) -> None:
        from localaws import lean_botocore

        lean_botocore.prepare()
        from localaws import control_plane, moto_repairs, schedules
        from localaws.control_calls import ControlPlane
        from localaws.instance import install
        from localaws.moto_calls import MotoCalls
        from localaws.schedules.invoker import Invoker

        running = self._build()
        install(running)
        moto_repairs.register()
        control_plane.register()
        schedules.register()
        self._instance, self._control_plane = running, ControlPlane(running, MotoCalls(running))
        self._invoker = Invoker(running, self._control_plane)
        settings = self._settings
        header = persistence.stamps(settings.region, settings.account_id)
        self._persistence = persistence.Persistence(
            settings.home, running.changes, _saved_parts(running), header, self._holds_home
        )
        self._persistence.restore()
        self._persistence.start()
        if settings.mlflow != "off":
            running.processes.prepare()
            threading.Thread(target=self._watch_children, name="children", daemon=True).start()
        self._invoker.start()

    def _build(self) -> Instance:
        from localaws.control_plane.store import Store
        from localaws.data_plane.presigned import PresignedLinks
        from localaws.data_plane.sessions import Sessions
        from localaws.instance import Instance
        from localaws.mlflow_processes import Processes

        settings, clock = self._settings, Clock()
        return Instance(
            settings=settings,
            clock=clock,
            request_log=RequestLog(settings.home),
            faults=Faults(),
            store=Store(),
            processes=Processes(settings),
            presigned=PresignedLinks(settings, clock),
            sessions=Sessions(clock),
            changes=Changes(),
        )

    def _watch_children(self) -> None:
        """Keep a note of the process groups, so that ``stop`` finds them even when this process was killed."""
        path, noted = self._settings.home / CHILDREN_FILE, ""
        processes = cast("Instance", self._instance).processes
        changes = cast("Instance", self._instance).changes
        while not changes.wait_closed(_WATCH_SECONDS):
            groups = sorted({*processes.pids().values(), *filter(None, [processes.zygote_pid])})
            text = json.dumps(groups)
            if text != noted:
                write_atomically(path, text.encode())
                noted = text


def _saved_parts(running: Instance) -> dict[str, Saved]:
    """In the order in which they come back: MLflow processes start with the store, and need everything else."""
    return {
        "clock": running.clock,
        "settings": running.settings,
        "presigned": running.presigned,
        "sessions": running.sessions,
        "invocations": running.invocations,
        "store": running.store,
    }
