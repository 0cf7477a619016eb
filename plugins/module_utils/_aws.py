# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The edge to AWS: connection, clients, retries, calls. The only file that imports amazon.aws."""

from __future__ import annotations

import contextlib
import functools
import threading
import time
import typing as t
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from threading import Thread

try:
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError, NoRegionError
    from botocore.parsers import ResponseParserError

    AWS_ERRORS: tuple[type[Exception], ...] = (ClientError, BotoCoreError, ResponseParserError)
except ImportError:
    # AnsibleAWSModule reports a missing boto3 in words before anything here is used.
    AWS_ERRORS = ()

from ansible.module_utils.ansible_release import __version__ as ansible_version
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.amazon.aws.plugins.module_utils.botocore import (
    check_sdk_version_supported,
    get_aws_connection_info,
)
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleBotocoreError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _limits as limits
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._broken_values import in_words
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._session import Session, session_of

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call

COLLECTION_NAME = "mlops.sagemaker_mlflow"
COLLECTION_VERSION = "0.1.0"

ATTEMPTS = limits.ATTEMPTS
CONNECT_TIMEOUT = limits.CONNECT_TIMEOUT
READ_TIMEOUT = limits.READ_TIMEOUT
CONCURRENT_READS = 16

Name = t.TypeVar("Name")


class ProcessModule(AnsibleModule):  # type: ignore[misc]  # ansible-core has no type information
    """A module in a process of its own, which is how Ansible runs it as a rule."""

    def __init__(self, argument_spec: dict[str, t.Any], **settings: t.Any) -> None:
        check = super().__init__
        in_words(self, argument_spec, lambda: check(argument_spec, **settings))

    def add_path_info(self, kwargs: dict[str, t.Any]) -> dict[str, t.Any]:
        """A C(path) in a result is one of IAM: what this machine has under it says nothing."""
        return kwargs


MADE_OF: ContextVar[Callable[..., t.Any]] = ContextVar("MADE_OF", default=ProcessModule)
"""What reads the options and ends the run; in the controller's own process another class than in a module's."""
_STANDING = threading.Lock()


class AwsModule(AnsibleAWSModule):  # type: ignore[misc]  # amazon.aws has no type information
    """AnsibleAWSModule with our user agent, our retries and one client a service."""

    def __init__(self, **settings: t.Any) -> None:
        with _made_of(MADE_OF.get()):
            super().__init__(**settings)
        self.clients = Clients(self._new_client, lambda service: self._new_client(service, attempts=1))

    @property
    def name(self) -> str:
        """The module's name, for messages."""
        return str(self._name)

    @property
    def home(self) -> Identity | None:
        """The caller's account and where the calls go, if the account came with the credentials. Without a caller: nobody was asked."""
        account_id = self._session.account_id()
        partition = self._session.partition(self.region) if account_id and self.region else None
        return Identity(account_id, partition, self.region, arn="") if account_id and partition else None

    def credentials(self) -> t.Any:
        """botocore's credentials, for requests that no client makes; None when there are none."""
        return self._session.credentials()

    def warn(self, warning: str) -> None:
        """A warning for the user; ansible-core puts it into the result."""
        self._module.warn(warning)

    @functools.cached_property
    def _session(self) -> Session:
        region, endpoint, connection = get_aws_connection_info(self)
        return session_of(region, endpoint, connection)

    def _new_client(self, service: str, attempts: int = ATTEMPTS) -> t.Any:
        agent = f"APN/1.0 Ansible/{ansible_version} {COLLECTION_NAME}/{COLLECTION_VERSION}"
        try:
            client = self._session.client(service, client_config(attempts, user_agent=agent))
        except NoRegionError:
            self.fail_json(
                msg=f"The {self.name} module requires a region and none was found in configuration, environment "
                "variables or module parameters"
            )
        except (ValueError, BotoCoreError) as error:
            self.fail_json(msg=f"Couldn't connect to AWS: {error}")
        # OpenSSL parses the certificates while Python makes the next client. What fails here fails again in the first request.
        if client.meta.endpoint_url.startswith("https:") and not self._session.has_trust:
            in_background(self._session.load_trust)
        return client


@contextlib.contextmanager
def _made_of(module_class: Callable[..., t.Any]) -> Iterator[None]:
    """Have AnsibleAWSModule stand on this class. It takes the class from these defaults, not from its arguments."""
    settings = AnsibleAWSModule.default_settings
    with _STANDING:
        before = settings["module_class"]
        settings["module_class"] = module_class
        try:
            yield
        finally:
            settings["module_class"] = before


def can_stand_on_another_class() -> bool:
    """Whether the installed amazon.aws and boto3 let our modules run outside of a process of their own."""
    try:
        supported = bool(check_sdk_version_supported())
    except AnsibleBotocoreError:
        return False
    return supported and "module_class" in AnsibleAWSModule.default_settings


def client_config(attempts: int = ATTEMPTS, **more: t.Any) -> Config:
    """How our clients retry and wait, and how many threads may use one at the same time."""
    return Config(
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        max_pool_connections=CONCURRENT_READS,
        **more,
    )


class Clients:
    """One botocore client a service. Clients may be used by many threads, but only one thread at a time may make them."""

    def __init__(
        self, new_client: Callable[[str], t.Any], new_client_without_retries: Callable[[str], t.Any] | None = None
    ) -> None:
        self._new_client = new_client
        self._new_client_without_retries = new_client_without_retries or new_client
        self._clients: dict[str, t.Any] = {}
        self._clients_without_retries: dict[str, t.Any] = {}
        self._making = threading.Lock()

    def __getitem__(self, service: str) -> t.Any:
        with self._making:
            if service not in self._clients:
                self._clients[service] = self._new_client(service)
            return self._clients[service]

    def send(self, call: Call) -> dict[str, t.Any]:
        """Make one call and return AWS's answer."""
        answer: dict[str, t.Any] = getattr(self[call.service], call.operation)(**call.parameters)
        return answer

    def send_once(self, call: Call) -> dict[str, t.Any]:
        """Make one call that must not be repeated unseen, because repeating it does harm."""
        with self._making:
            if call.service not in self._clients_without_retries:
                self._clients_without_retries[call.service] = self._new_client_without_retries(call.service)
            client = self._clients_without_retries[call.service]
        answer: dict[str, t.Any] = getattr(client, call.operation)(**call.parameters)
        return answer


def read_concurrently(reads: Mapping[str, Callable[[], t.Any]]) -> dict[str, t.Any]:
    """Run independent reads at the same time and return their results by name.

    The first failure, in the order of C(reads), is raised.
    """
    found = attempt_concurrently(reads)
    for each in found.values():
        if isinstance(each, Failed):
            raise each.error
    return found


@dataclass(frozen=True)
class Failed:
    """In the place of a result that there is none of."""

    error: Exception


def attempt_concurrently(reads: Mapping[Name, Callable[[], t.Any]]) -> dict[Name, t.Any]:
    """Run independent reads at the same time; each result, or Failed in its place, by name."""
    if len(reads) < 2:
        return {name: _attempt(read) for name, read in reads.items()}
    with ThreadPoolExecutor(max_workers=min(CONCURRENT_READS, len(reads))) as pool:
        futures = {name: pool.submit(copy_context().run, _attempt, read) for name, read in reads.items()}
        return {name: future.result() for name, future in futures.items()}


def in_background(read: Callable[[], t.Any]) -> Future[t.Any]:
    """Begin one read that nobody waits for yet. A run that fails meanwhile ends without it."""
    begun: Future[t.Any] = Future()
    Thread(target=copy_context().run, args=(_settle, begun, read), daemon=True).start()
    return begun


def _settle(begun: Future[t.Any], read: Callable[[], t.Any]) -> None:
    try:
        begun.set_result(read())
    except BaseException as error:
        begun.set_exception(error)  # whoever waits must hear of it, whatever it is


def _attempt(read: Callable[[], t.Any]) -> t.Any:
    try:
        return read()
    except Exception as error:
        return Failed(error)


def _now() -> float:
    return time.monotonic()


@dataclass
class Deadline:
    """A bounded wait on the monotonic clock.

    :param timeout: seconds after which the wait ends without success.
    :param delay: seconds between two looks.
    :param first_delay: seconds before the second look; the pause doubles from there up to C(delay).
    """

    timeout: float
    delay: float
    first_delay: float | None = None
    started: float = field(default_factory=_now)

    @property
    def elapsed(self) -> float:
        """Seconds since the wait began."""
        return time.monotonic() - self.started

    def ticks(self) -> Iterator[float]:
        """Yield the elapsed seconds before each look; ends at the time-out (the first look is always made)."""
        yield self.elapsed
        pause = self.delay if self.first_delay is None else min(self.first_delay, self.delay)
        while self.elapsed < self.timeout:
            time.sleep(min(pause, max(self.timeout - self.elapsed, 0)))
            pause = min(pause * 2, self.delay)
            yield self.elapsed


@dataclass(frozen=True)
class Identity:
    """Who calls, and where.

    :param account_id: 12 digits.
    :param partition: C(aws), C(aws-us-gov), C(aws-cn), ...
    :param region: the region of the calls.
    :param arn: the caller's ARN.
    """

    account_id: str
    partition: str
    region: str
    arn: str


def caller_identity(clients: Clients) -> Identity:
    """The caller's account, partition and region (sts:GetCallerIdentity, which needs no permission)."""
    client = clients["sts"]
    answer = client.get_caller_identity()
    arn = str(answer["Arn"])
    return Identity(str(answer["Account"]), arn.split(":")[1], str(client.meta.region_name), arn)
