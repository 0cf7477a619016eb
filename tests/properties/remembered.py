# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What thousands of runs in one process need not do again: make a client, or ask what was asked since the last write.

An answer of the local AWS follows from its state alone, and SageMaker's from the time as well. So a read that was made before is
only made again after a write that may have changed its answer, or after time has passed.
"""

from __future__ import annotations

import contextlib
import copy
import os
import pickle
import random
import re
import typing as t
from concurrent.futures import Executor, Future
from unittest import mock

from botocore.client import BaseClient
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session
from botocore.useragent import UserAgentString
from local_region import REGION

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _aws, _role
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._session import Session

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from botocore.config import Config
    from properties.in_process import InProcessRegion

_READS = ("Get", "Describe", "List", "Head", "Lookup")
_OF_A_ROLE = {
    "PutRolePolicy": {"GetRolePolicy", "ListRolePolicies"},
    "DeleteRolePolicy": {"GetRolePolicy", "ListRolePolicies"},
    "AttachRolePolicy": {"ListAttachedRolePolicies"},
    "DetachRolePolicy": {"ListAttachedRolePolicies"},
    "TagRole": {"GetRole"},
    "UntagRole": {"GetRole"},
    "UpdateRole": {"GetRole"},
    "UpdateAssumeRolePolicy": {"GetRole"},
    "PutRolePermissionsBoundary": {"GetRole"},
    "DeleteRolePermissionsBoundary": {"GetRole"},
}
_OF_A_BUCKET = re.compile(r"^(?:Get|Put|Delete)(?:Bucket(?=.)|(?=PublicAccessBlock))(.+?)(?:Configuration)?$")
_CONTENTS = {"ListObjectVersions", "ListMultipartUploads", "ListObjectsV2"}
_OF_CONTENTS = re.compile(r"^(PutObject|DeleteObjects?|CreateMultipartUpload|AbortMultipartUpload)$")


class Answers:
    """The answers to reads since the last write to what they are about.

    :param doubt: whether to ask all the same, and to fail when the answer is another.
    """

    def __init__(self, region: InProcessRegion) -> None:
        self._region = region
        self._answers: dict[str, dict[str, dict[bytes, t.Any]]] = {}
        self._ask: Callable[..., t.Any] = getattr(BaseClient, "_make_api_call")  # noqa: B009  # has no type
        self._offset = 0.0
        self.doubt = False

    def forget(self) -> None:
        """Everything may have changed."""
        self._answers.clear()

    def call(self, client: t.Any, operation: str, parameters: t.Any) -> t.Any:
        """What C(BaseClient._make_api_call) does."""
        service = client.meta.service_model.service_name
        if not operation.startswith(_READS):
            self._forget_after(service, operation)
            return self._ask(client, operation, parameters)
        if self._offset != self._region.running.clock.offset:
            self._offset = self._region.running.clock.offset
            self._answers.pop("sagemaker", None)
        known = self._answers.setdefault(service, {}).setdefault(operation, {})
        key = pickle.dumps(sorted(parameters.items()))
        if key not in known or self.doubt:
            answer = self._first(client, operation, parameters)
            assert _meaning(known.get(key, answer)) == _meaning(answer), (
                f"{operation} answers something else than before"
            )
            known[key] = answer
        answer = known[key]
        if isinstance(answer, ClientError):
            raise ClientError(copy.deepcopy(answer.response), operation)
        return pickle.loads(answer)

    def _forget_after(self, service: str, operation: str) -> None:
        known = self._answers.get(service, {})
        for read in [read for read in known if _is_about(service, operation, read)]:
            del known[read]

    def _first(self, client: t.Any, operation: str, parameters: t.Any) -> bytes | ClientError:
        try:
            return pickle.dumps(self._ask(client, operation, parameters))
        except ClientError as error:
            return error


def _is_about(service: str, write: str, read: str) -> bool:
    """Whether the write may change what the read answers."""
    if service == "iam":
        return write not in _OF_A_ROLE or read in _OF_A_ROLE[write]
    if service == "s3" and _OF_CONTENTS.match(write):
        return read in _CONTENTS
    written, about = _OF_A_BUCKET.match(write), _OF_A_BUCKET.match(read)
    return service != "s3" or written is None or (about is not None and written[1] == about[1])


def _meaning(answer: t.Any) -> t.Any:
    response = answer.response if isinstance(answer, ClientError) else pickle.loads(answer)
    return {key: value for key, value in response.items() if key != "ResponseMetadata"}


class Clients:
    """One botocore client for a service and its settings. Handlers that a run registered end with the run."""

    def __init__(self) -> None:
        self._made: dict[t.Any, t.Any] = {}
        self._registered: list[tuple[t.Any, str, Callable[..., t.Any]]] = []
        self._make = Session.client

    def client(self, session: Session, service: str, config: Config) -> t.Any:
        """What C(Session.client) does."""
        key = (service, getattr(config, "retries")["total_max_attempts"])  # noqa: B009  # has no type
        if key not in self._made:
            client = self._made[key] = self._make(session, service, config)
            self._note(client.meta.events)
        return self._made[key]

    def end_run(self) -> None:
        """Forget the handlers of the last run."""
        for events, name, handler in self._registered:
            events.unregister(name, handler)
        self._registered.clear()

    def _note(self, events: t.Any) -> None:
        register = events.register_first

        def noting(name: str, handler: Callable[..., t.Any], **more: t.Any) -> None:
            register(name, handler, **more)
            self._registered.append((events, name, handler))

        events.register_first = noting


class Remembered:
    """All that is kept from one run to the next."""

    def __init__(self, region: InProcessRegion) -> None:
        self.region = region
        self.answers = Answers(region)
        self.clients = Clients()
        with mock.patch.dict(os.environ, region.environment):
            self.session = Session(REGION, region.endpoint, {})
        self.forget, self.end_run = self.answers.forget, self.clients.end_run


class InTurn(Executor):
    """Reads that could be made at once, one after the other."""

    def __init__(self, max_workers: int | None = None) -> None:
        pass

    def submit(self, work: Callable[..., t.Any], /, *arguments: t.Any, **named: t.Any) -> Future[t.Any]:
        """Do it now."""
        future: Future[t.Any] = Future()
        future.set_result(work(*arguments, **named))
        return future


class Time:
    """The module C(time) as our modules use it, on the clock of the local AWS."""

    def __init__(self, region: InProcessRegion) -> None:
        self.sleep = region.sleep
        self.monotonic = region.monotonic


def _method(function: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
    """As an attribute of a class, it is handed the instance as its first argument."""

    def method(instance: t.Any, *arguments: t.Any) -> t.Any:
        return function(instance, *arguments)

    return method


@contextlib.contextmanager
def installed(kept: Remembered) -> Iterator[None]:
    """All AWS clients of this process talk to the region, and its clock is the one that our modules look at."""
    region, answers, clients = kept.region, kept.answers, kept.clients
    time = Time(region)
    replaced: tuple[tuple[t.Any, str, t.Any], ...] = (
        (URLLib3Session, "send", lambda _session, request: region.send(request)),
        (BaseClient, "_make_api_call", _method(answers.call)),
        (Session, "client", _method(clients.client)),
        (_aws.AwsModule, "_session", kept.session),
        (_aws, "ThreadPoolExecutor", InTurn),
        (UserAgentString, "to_string", lambda _agent: "properties"),
        (_aws, "time", time),
        (_role, "time", time),
        # botocore and moto name each request, and the system takes its time for bytes that nobody can foresee.
        (os, "urandom", random.Random(0).randbytes),
    )
    with contextlib.ExitStack() as stack:
        for where, name, instead in replaced:
            stack.enter_context(mock.patch.object(where, name, instead))
        yield
