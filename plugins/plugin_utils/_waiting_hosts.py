# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Which hosts of a play wait, and for what: told by the results that they have registered."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._deployment import is_at_work
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._waiting_together import Target

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


class WaitingHosts:
    """What the hosts of the play have registered.

    :param host_variables: the variables of each host.
    :param names: the hosts.
    :param registered: the variables that hold results of the modules for a server, for an App and for a whole environment.
    :param environment: the variable that holds the environment variables of a host's calls.
    :param here: its value here, for a host that does not have it in the inventory.
    :param session: the variable that holds the result of mlflow_server_session of a host that took a role.
    """

    def __init__(
        self,
        host_variables: Mapping[str, Mapping[str, t.Any]],
        names: Iterable[str],
        registered: Sequence[str],
        environment: str | None = None,
        here: Mapping[str, t.Any] | None = None,
        session: str | None = None,
    ) -> None:
        self._host_variables = host_variables
        self._names = list(names)
        self._registered = registered
        self._environment = environment
        self._here = here or {}
        self._session = session

    def have_to_begin(self) -> bool:
        """Whether a host has not asked AWS for anything yet, which it cannot while its worker is one that waits."""
        return any(not self._results(name) for name in self._names)

    def targets(self) -> Iterator[Target]:
        """What each host waits for."""
        for name in self._names:
            target = self.target(name)
            if target is not None:
                yield target

    def target(self, name: str) -> Target | None:
        """What this host waits for; None for nothing."""
        for result in self._parts(name):
            arn = result.get("tracking_server_arn") or result.get("arn")
            if result.get("skipped") or result.get("failed") or not arn:
                continue
            if is_at_work(result):
                noun = "tracking server" if "tracking_server_arn" in result else "MLflow App"
                subject = f"{noun} {result.get('tracking_server_name') or result.get('name')}"
                before = json.dumps(result, sort_keys=True, default=str)
                return Target(name, str(arn), subject, self._environment_of(name), before)
        return None

    def _results(self, name: str) -> list[Mapping[str, t.Any]]:
        variables = self._host_variables[name]
        registered = [variables[name] for name in self._registered if name in variables]
        # The first task of a deployment leaves all of it to others when they have something to do before.
        return [result for result in registered if result.get("begun") is not False]

    def _parts(self, name: str) -> Iterator[Mapping[str, t.Any]]:
        """Results about a single resource; that of mlflow_environment holds several."""
        for result in self._results(name):
            parts = [result[kind] for kind in ("tracking_server", "app") if isinstance(result.get(kind), dict)]
            yield from parts or [result]

    def _environment_of(self, name: str) -> dict[str, str]:
        """The environment variables of a host; of a variable that is not in the inventory, all hosts have the same."""
        variables = self._host_variables[name]
        found = variables.get(self._environment, self._here) if self._environment else {}
        taken = (variables.get(self._session) or {}).get("environment") or {} if self._session else {}
        return {str(key): str(value) for key, value in {**found, **taken}.items()}
