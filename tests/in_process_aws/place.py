# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Puts the local AWS of this process into the place of all of AWS, for a while. Before and after, the process is as without it."""

from __future__ import annotations

import contextlib
import functools
import os
import random
import time
import typing as t
from concurrent.futures import Executor, Future
from unittest import mock

from botocore.httpsession import URLLib3Session
from botocore.useragent import UserAgentString
from in_process_aws.clients import KeptSession

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _aws
from localaws import instance, lean_botocore

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from in_process_aws.region import InProcessRegion


class InTurn(Executor):
    """Does at once what it is given, and the next thing afterwards: each run makes the same calls in the same order."""

    def __init__(self, max_workers: int | None = None) -> None:
        pass

    def submit(self, work: Callable[..., t.Any], /, *arguments: t.Any, **named: t.Any) -> Future[t.Any]:
        """Do it now."""
        future: Future[t.Any] = Future()
        try:
            future.set_result(work(*arguments, **named))
        except Exception as error:
            future.set_exception(error)
        return future


class ThreadInTurn:
    """Does at once what a thread would do beside the rest."""

    def __init__(self, target: Callable[..., t.Any], args: tuple[t.Any, ...], daemon: bool) -> None:
        self.start = functools.partial(target, *args)


class Place:
    """What is kept while the region takes AWS's place again and again."""

    def __init__(self, region: InProcessRegion) -> None:
        self.region = region
        self._own, self._others = KeptSession(region), KeptSession(region)
        # moto's file of all managed policies has 5 MB, and is read whenever an account meets one of them for the first time.
        read = functools.cache(lean_botocore._policy_data)
        self._policies: Callable[..., t.Any] = lambda names: read(None if names is None else frozenset(names))

    @contextlib.contextmanager
    def taken(self) -> Iterator[InProcessRegion]:
        """Meanwhile all AWS clients of this process reach the region, and sleeping moves its clock."""
        region, installed = self.region, list(instance._installed)
        with contextlib.ExitStack() as stack:
            stack.callback(instance._installed.__setitem__, slice(None), installed)
            instance.install(region.running)
            region.reset()
            stack.callback(region.reset)
            for where, name, instead in self._replaced():
                stack.enter_context(mock.patch.object(where, name, instead))
            stack.enter_context(_session(self._own))
            yield region

    @contextlib.contextmanager
    def others(self) -> Iterator[None]:
        """Meanwhile modules run as in another process: two runs at once do not share clients."""
        with _session(self._others):
            yield

    def _replaced(self) -> tuple[tuple[t.Any, str, t.Any], ...]:
        region = self.region
        return (
            (URLLib3Session, "send", lambda _session, request: region.send(request)),
            (time, "sleep", region.sleep),
            (time, "monotonic", region.monotonic),
            (_aws, "ThreadPoolExecutor", InTurn),
            (_aws, "Thread", ThreadInTurn),
            (UserAgentString, "to_string", lambda _agent: "tests"),
            (lean_botocore, "_policy_data", self._policies),
            # How long botocore waits before it tries again.
            (random, "random", lambda: 0.5),
            # botocore and moto name each request, and the system takes its time for bytes that nobody can foresee.
            (os, "urandom", random.Random(0).randbytes),
        )


def _session(kept: KeptSession) -> t.Any:
    """Each run takes it once."""
    taken = functools.cached_property(lambda _module: kept.renewed())
    taken.__set_name__(_aws.AwsModule, "_session")
    return mock.patch.object(_aws.AwsModule, "_session", taken)
