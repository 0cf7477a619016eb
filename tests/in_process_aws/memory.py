# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the local AWS need not do again when thousands of runs begin with one of few states.

It is behind the faults: which call fails, and what a read that lags behind says, is decided in front of it.
"""

from __future__ import annotations

import contextlib
import typing as t
from unittest import mock

from localaws import identify
from localaws.identify import scope_of
from localaws.past_answers import request_key

if t.TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping

    from in_process_aws.region import InProcessRegion

    from localaws.credentials import Principal
    from localaws.identify import Call
    from localaws.protocol_errors import Answer

UNTIMED = ("iam", "s3", "sts", "kms", "scheduler", "ec2", "cloudtrail")
"""Services whose state changes by calls only. What SageMaker says changes with time."""


class RememberedReads:
    """moto, asked once for each read of one state. A state is what it was set to, and what was written since."""

    def __init__(self, region: InProcessRegion, perform: Callable[..., Answer]) -> None:
        self._region, self._perform = region, perform
        self._answers: dict[Hashable, Answer] = {}

    def perform(self, call: Call, principal: Principal, environ: Mapping[str, t.Any], body: bytes) -> Answer:
        """Carry the call out, or answer as in this state before."""
        if call.changes_state:
            self._region.state = (self._region.state, request_key(environ, body))
        if call.changes_state or call.service not in UNTIMED:
            return self._perform(call, principal, environ, body)
        key = (self._region.state, request_key(environ, body))
        if key not in self._answers:
            self._answers[key] = self._perform(call, principal, environ, body)
        return self._answers[key]


class KnownCalls:
    """What a request asks for, found out once: it does not depend on any state."""

    def __init__(self) -> None:
        self._find = identify.identify
        self._calls: dict[Hashable, Call] = {}

    def identify(self, environ: dict[str, t.Any], body: bytes, region: str) -> Call:
        """What C(identify.identify) does."""
        key = (request_key(environ, body), scope_of(environ), environ.get("CONTENT_TYPE"))
        if key not in self._calls:
            self._calls[key] = self._find(environ, body, region)
        return self._calls[key]


@contextlib.contextmanager
def remembering(region: InProcessRegion) -> Iterator[None]:
    """Meanwhile all that is remembered."""
    moto = t.cast("t.Any", region.control_plane)._moto
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(region.control_plane, "_moto", RememberedReads(region, moto.perform)))
        stack.enter_context(mock.patch.object(identify, "identify", KnownCalls().identify))
        yield
