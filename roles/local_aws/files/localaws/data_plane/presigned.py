# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Presigned UI links: good once, and only until they expire.

AWS gives every MLflow a host name of its own; names below ``localhost`` do not resolve everywhere, so here every MLflow has a path instead:
``/_mlflow/<id>/``. MLflow's UI uses relative URLs only and does not mind.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, cast

from localaws.mlflow_processes.launch import identifier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localaws.clock import Clock
    from localaws.credentials import Principal
    from localaws.settings import Settings

PATH_PREFIX: Final = "/_mlflow/"
REMEMBERED_SECONDS: Final = 86400  # so long a used or expired link is told apart from one that never was


class LinkRejected(Exception):  # noqa: N818  # a refusal, not a malfunction
    """The link does not open the UI (any more); the message tells its user why."""


@dataclass(frozen=True)
class Link:
    """What a token stands for."""

    arn: str
    expires: float
    session_seconds: int
    principal: Principal | None
    used: bool = False


class PresignedLinks:
    """The links that were given out, by their token."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._links: dict[str, Link] = {}

    def issue(self, arn: str, expires_in_seconds: int, session_seconds: int, principal: Principal | None = None) -> str:
        """Make a link to the UI of an MLflow: the ``AuthorizedUrl`` of CreatePresigned...Url."""
        token = secrets.token_urlsafe(32)
        now = self._clock.time()
        with self._lock:
            oldest = now - REMEMBERED_SECONDS
            self._links = {each: link for each, link in self._links.items() if link.expires > oldest}
            self._links[token] = Link(arn, now + expires_in_seconds, session_seconds, principal)
        return f"http://127.0.0.1:{self._settings.port}{path_of(arn)}auth?authToken={token}"

    def redeem(self, arn_path: str, token: str) -> Link:
        """Use up a link that was opened at ``arn_path``."""
        with self._lock:
            link = self._links.get(token)
            if link is None or path_of(link.arn) != arn_path:
                raise LinkRejected("This link is not one that this local AWS has made.")
            if link.used:
                raise LinkRejected("This link was used already. A presigned link opens the UI once.")
            if link.expires <= self._clock.time():
                raise LinkRejected("This link has expired.")
            self._links[token] = replace(link, used=True)
        return link

    def dump(self) -> object:
        with self._lock:
            return dict(self._links)

    def load(self, saved: object) -> None:
        with self._lock:
            self._links = dict(cast("Mapping[str, Link]", saved))


def path_of(arn: str) -> str:
    """The path below which the UI of this MLflow lives."""
    return f"{PATH_PREFIX}{identifier(arn)}/"
