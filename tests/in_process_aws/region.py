# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The local AWS in the process of the tests: its whole application, signatures and request log included, without a socket.

botocore makes and signs each request as ever; where it would open a connection, the application answers. Time is the local AWS's
own: whoever sleeps moves its clock, so waiting costs nothing, and nothing else moves it. moto has one state for a process, so a
process has one of these at most.
"""

from __future__ import annotations

import contextlib
import itertools
import pickle
import typing as t
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta, timezone

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from in_process_aws.wsgi import Body, as_environ
from local_region import ACCOUNT, REGION, LocalRegion

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _limits as limits
from localaws.application import Application
from localaws.assembly import Assembly
from localaws.clock import Clock
from localaws.data_plane.presigned import PresignedLinks
from localaws.data_plane.sessions import Sessions
from localaws.request_log import Entry, RequestLog
from localaws.settings import Settings

if t.TYPE_CHECKING:
    from collections.abc import Hashable, Iterator
    from pathlib import Path

    from botocore.awsrequest import AWSPreparedRequest

    from localaws.control_calls import ControlPlane
    from localaws.instance import Instance

PORT = 5566
ENDPOINT = f"http://127.0.0.1:{PORT}"
WEDNESDAY = 2
A_MONTH = 31 * 86_400
TICK = 0.001


class Requests(RequestLog):
    """The log as it is made, not as it is told to others."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[Entry] = []

    def add(self, entry: Entry) -> None:
        """Note a finished call."""
        self.noted.append(entry)

    def entries(self) -> list[dict[str, object]]:
        """All that were noted, oldest first."""
        return [asdict(entry) for entry in self.noted]

    def clear(self) -> None:
        """Forget them."""
        self.noted.clear()


CENTURIES = 1e10
"""Seconds. When somebody has slept for that long, a further second may be too little to be told from none."""


class StillClock(Clock):
    """Moves by what sleeps, and not by how busy the machine is.

    It is ahead of the machine's clock, by which moto dates what is made, and begins at the same hour of the same day of a week:
    which schedules become due in a test does not depend on when it is run.
    """

    def __init__(self) -> None:
        super().__init__()
        noon = datetime.now(timezone.utc).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=2)
        self._start = (noon + timedelta(days=(WEDNESDAY - noon.weekday()) % 7)).timestamp()

    def time(self) -> float:
        """Seconds since the epoch."""
        return self._start + self.offset


class InProcessAssembly(Assembly):
    """The parts of a local AWS, on a clock that stands still."""

    def _build(self) -> Instance:
        settings, clock = self._settings, StillClock()
        return replace(
            super()._build(),
            clock=clock,
            request_log=Requests(),
            presigned=PresignedLinks(settings, clock),
            sessions=Sessions(clock),
        )

    def dump(self) -> bytes:
        """The whole state."""
        return pickle.dumps((self._kept().content(), self.instance.past_answers.dump()))

    def load(self, state: bytes) -> None:
        """Be in that state again."""
        content, past_answers = pickle.loads(state)
        self._kept().load(content)
        self.instance.past_answers.load(past_answers)

    def _kept(self) -> t.Any:
        self.wait_until_ready()
        return self._persistence


@dataclass(frozen=True)
class Snapshot:
    """A state to come back to, and what tells it from all others."""

    content: bytes
    name: Hashable


class Interposed(t.Protocol):
    """Is told of each request of a client, before AWS is and after."""

    def before(self) -> None:
        """The request was not made yet."""

    def after(self) -> None:
        """AWS carried it out; the client does not know."""


class InProcessRegion(LocalRegion):
    """What a LocalRegion is, in this process.

    :param interposed: who is told of each request; requests that it makes itself are not told.
    :param state: tells the state that was last set from all others: equal ones are the same state.
    :param slept: seconds since that was set.
    """

    def __init__(self, home: Path) -> None:
        settings = Settings(
            # Clients sign by the machine's clock.
            clock_skew_seconds=A_MONTH,
            home=home,
            port=PORT,
            region=REGION,
            account_id=ACCOUNT,
            mlflow="off",
        )
        # Nobody holds the home, so nothing is ever saved there.
        self._assembly = InProcessAssembly(settings, holds_home=lambda: False)
        self._assembly.start()
        self._application = Application(self._assembly)
        self.endpoint, self.home = ENDPOINT, home
        self.running: Instance = self._assembly.instance
        self._requests = t.cast("Requests", self.running.request_log)
        self._clients: dict[str, t.Any] = {}
        self._states = itertools.count(1)
        self._passed = 0.0
        self.state: Hashable = 0
        self.slept = 0.0
        self.interposed: Interposed | None = None
        self._rest()

    @property
    def control_plane(self) -> ControlPlane:
        """Where calls are carried out."""
        return self._assembly.control_plane

    def _rest(self) -> None:
        """No thread waits for a change: nothing is saved, and what is due is carried out when the clock is moved."""
        self._assembly.invoker.stop()
        self.running.changes.close()

    def client(self, service: str, **settings: t.Any) -> t.Any:
        """A client of somebody else, made once unless it is a special one."""
        if settings:
            return super().client(service, **settings)
        if service not in self._clients:
            self._clients[service] = super().client(service)
        return self._clients[service]

    @property
    def entries(self) -> list[Entry]:
        """The log as it is kept."""
        return self._requests.noted

    def calls(self) -> list[str]:
        """C(service:Operation) of every request since the log was cleared, in order."""
        return [entry.name for entry in self._requests.noted]

    def writes(self) -> list[str]:
        """The calls that change something."""
        return [entry.name for entry in self._requests.noted if entry.write]

    def log(self) -> list[dict[str, t.Any]]:
        """Every request since the log was cleared."""
        return self.running.request_log.entries()

    def clear_log(self) -> None:
        """Forget the requests so far."""
        self.running.request_log.clear()

    @contextlib.contextmanager
    def unlogged(self) -> Iterator[None]:
        """What is done meanwhile leaves the log as it is."""
        kept = list(self._requests.noted)
        try:
            yield
        finally:
            self._requests.noted[:] = kept

    def configure(self, **settings: t.Any) -> None:
        """Change settings."""
        self.running.settings.change(settings)

    def inject(self, *faults: dict[str, t.Any]) -> None:
        """Make the next matching calls fail."""
        self.running.faults.add(faults)

    def clear_faults(self) -> None:
        """From now on no call fails."""
        self.running.faults.clear()

    def reset(self) -> None:
        """An empty account with the settings of the start."""
        self._assembly.reset()
        self.state, self.slept, self.interposed = 0, 0.0, None
        if self._passed > CENTURIES:
            self._passed = 0.0

    def snapshot(self) -> Snapshot:
        """The present state, to come back to. Faults and the log are no part of it."""
        return Snapshot(self._assembly.dump(), next(self._states))

    def restore(self, snapshot: Snapshot) -> None:
        """Be in that state again, at its time."""
        self.reset()
        self._assembly.load(snapshot.content)
        self.state = snapshot.name

    def sleep(self, seconds: float) -> None:
        """Time passes: a tick at least, as whoever waits for the rest of a second would wait for ever for a part of it that gets lost."""
        passed = max(seconds, TICK)
        self.slept += passed
        self._passed += passed
        self._assembly.invoker.advance(passed)

    def monotonic(self) -> float:
        """Seconds that were slept; never goes back within a test."""
        return self._passed

    def stop(self) -> None:
        """End the threads."""
        self._assembly.stop()

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        """Answer one request of botocore's."""
        interposed, self.interposed = self.interposed, None
        if interposed is None:
            return self._answer(request)
        try:
            interposed.before()
            answer = self._answer(request)
            interposed.after()
        finally:
            self.interposed = interposed
        return answer

    def _answer(self, request: AWSPreparedRequest) -> AWSResponse:
        answered: list[tuple[str, list[tuple[str, str]]]] = []
        began = self._passed

        def start_response(status: str, headers: list[tuple[str, str]], _error: t.Any = None) -> t.Any:
            answered.append((status, headers))
            return lambda _data: None

        try:
            body = b"".join(self._application(as_environ(request), start_response))
        except ConnectionResetError as error:
            raise ConnectionClosedError(endpoint_url=request.url, request=request) from error
        if self._passed - began >= limits.READ_TIMEOUT:
            raise ReadTimeoutError(endpoint_url=request.url)
        status, headers = answered[-1]
        return AWSResponse(request.url, int(status.split(" ", 1)[0]), t.cast("t.Any", dict(headers)), Body(body))
