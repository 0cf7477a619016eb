# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far away AWS is, and how many times a client went there and back.

The setting ``latency_ms`` holds an answer back in the thread of its connection, so calls that are made at once wait at once.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from localaws.request_log import Entry

ARRIVED = "localaws.arrived"  # in a WSGI environment
CONNECTION = "localaws.connection"


def note_arrival(entry: Entry, environ: Mapping[str, Any]) -> None:
    """Take over when the request came, and on which connection."""
    entry.arrived = environ.get(ARRIVED, time.monotonic())
    entry.connection = environ.get(CONNECTION, 0)


def hold(entry: Entry, latency_ms: float) -> None:
    """Let the answer go, but no earlier than the latency allows: a call costs the latency or its work, whichever is more."""
    remaining = entry.arrived + latency_ms / 1000 - time.monotonic()
    if remaining > 0:
        time.sleep(remaining)
    entry.departed = time.monotonic()


def round_trips(log: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The longest chain of calls of which each began after the one before had ended.

    A call may depend on every call that had ended before it began, so the length is the number of times that the client waited for
    the whole distance. With the ends in order, the call that ends first never makes a chain shorter. Calls made at once are told
    from calls made in turn as long as the latency is longer than any stall of the machine.
    """
    chain: list[Mapping[str, Any]] = []
    for call in sorted(log, key=lambda call: float(call["departed"])):
        if not chain or call["arrived"] >= chain[-1]["departed"]:
            chain.append(call)
    return chain
