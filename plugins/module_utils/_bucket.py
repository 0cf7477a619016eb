# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The artifact bucket of an MLflow, as one resource with all its settings."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from functools import partial

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _kms
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _limits as limits
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._account import Account
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import (
    Deadline,
    Identity,
    caller_identity,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_calls import BucketCalls
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_contents import (
    contents_reads,
    delete_contents,
    first_page,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_plan import OBJECTS, plan_bucket
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_state import BucketState, Place
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_wish import bucket_wish, name_warning
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import Superseded
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._reading import read

if t.TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule, Clients
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_wish import BucketWish
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Change, Plan
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._reading import Reading, Reads

CONFIRM_TIMEOUT = limits.S3_CONFIRMATION
CONFIRM_FIRST_DELAY, CONFIRM_DELAY = limits.S3_CONFIRMATION_PAUSES


class Bucket:
    """One bucket, its wish and the calls to get there (a C(_converge.Resource))."""

    def __init__(
        self,
        clients: Clients,
        wish: BucketWish,
        calls: BucketCalls,
        warn: Callable[[str], None],
        account: Account | None = None,
    ) -> None:
        self._clients = clients
        self._wish = wish
        self._calls = calls
        self._warn = warn
        self._account = account or Account(clients)
        self._deleted_objects = 0
        self._owner_checked = False

    @property
    def title(self) -> str:
        """How messages name it."""
        return f"bucket '{self._wish.name}'"

    def read(self) -> BucketState:
        """Every setting that was asked about, in one round; each read insists on the bucket's owner."""
        return read(self.reading())

    def reading(self) -> Reading[BucketState]:
        """What to read, round by round."""
        if self._owner() is None:
            # Beside others, whose first answers may tell the account. Alone, nobody else would.
            yield {} if self._account.others_tell else {"account": self._account.identity}
        if self._owner() is None and (yield from self._finding_nothing()):
            answers: dict[str, t.Any] = {"bucket": None}
        else:
            answers = yield self._reads(self._required_owner())
        identity = self._required_owner()
        if self._wish.key is not None and "key" not in answers:
            answers |= yield {"key": self._key_read(self._wish.key, identity)}
        place = self._place(identity, answers.pop("key", None))
        if any(answer is None for answer in answers.values()):
            self._require_own_account()
            return BucketState(place, exists=False, deleted_objects=self._deleted_objects)
        return self._state(place, answers)

    def _finding_nothing(self) -> Generator[Reads, dict[str, t.Any], bool]:
        """Ask for the account, and at the same time whether there is a bucket at all, whoever owns it."""
        (name, probe), *_others = self._reads(None).items()
        try:
            answers = yield {name: probe, "account": self._account.identity}
        except MlflowError:
            return False  # whose it is decides what this means
        return answers[name] is None

    def plan(self, state: BucketState) -> Plan[BucketState]:
        """What differs from the wish."""
        return plan_bucket(self._wish, state)

    def settle(self, state: BucketState) -> BucketState:
        """A bucket has no states in which it takes no write; conflicts are retried where they show."""
        return state

    def apply(self, change: Change) -> None:
        """Make one change true."""
        if change.name == OBJECTS:
            self._deleted_objects += delete_contents(self._clients["s3"], change.call.parameters)
        else:
            self._calls.write(change.call)

    def confirm(self, plan: Plan[BucketState]) -> BucketState:
        """Read until AWS shows what it accepted."""
        if not plan.changed:
            return plan.predicted
        differing: list[str] = []
        for _elapsed in Deadline(CONFIRM_TIMEOUT, CONFIRM_DELAY, first_delay=CONFIRM_FIRST_DELAY).ticks():
            state = self.read()
            differing = [change.name for change in self.plan(state).changes]
            if not differing:
                return state
        if state.exists != self._wish.present or not set(differing) <= {change.name for change in plan.changes}:
            # Not to be waited for: a read before the plan lagged behind, or somebody has changed or deleted it since.
            raise Superseded
        self._warn(
            f"AWS accepted every change of the {self.title}, but after {CONFIRM_TIMEOUT:.0f} s it still shows another "
            f"value for: {', '.join(differing)}. Run again to see whether somebody else changes it too."
        )
        return state

    def conclude(self, plan: Plan[BucketState]) -> BucketState:
        """S3 takes a change or refuses it, and tells no more."""
        return plan.predicted

    def describe(self, state: BucketState) -> dict[str, t.Any]:
        """The module's return values."""
        return state.describe()

    def _owner(self) -> Identity | None:
        """Who must own the bucket; None until it is known. Only an account that was not given may cost a call."""
        owner = self._wish.expected_bucket_owner
        if owner is not None:
            return Identity(owner, self._calls.partition, self._calls.region, "")
        return self._account.in_region(self._calls.region)

    def _required_owner(self) -> Identity:
        return self._owner() or replace(self._account.identity(), region=self._calls.region)

    def _reads(self, identity: Identity | None) -> dict[str, Callable[[], t.Any]]:
        """Every read that was asked for; that of a key needs the account, which a bare key id means."""
        owner = identity.account_id if identity else None
        reads: dict[str, Callable[[], t.Any]] = {
            setting.name: partial(self._calls.read, setting.operation, owner, setting.missing)
            for setting in self._wish.settings
        }
        if not self._wish.present:
            reads.update(contents_reads(self._calls, owner))
        if not reads:
            reads["bucket"] = partial(self._calls.read, "head_bucket", owner)
        if self._wish.key is not None and identity is not None:
            reads["key"] = self._key_read(self._wish.key, identity)
        return reads

    def _require_own_account(self) -> None:
        """A new bucket belongs to the caller's account, whichever owner was expected."""
        owner = self._wish.expected_bucket_owner
        if not self._wish.present or owner is None or self._owner_checked:
            return
        account = caller_identity(self._clients).account_id
        if account != owner:
            raise MlflowError(
                f"expected_bucket_owner: the {self.title} does not exist, and the caller could only create it in the "
                f"account {account}, not in {owner}. Use credentials of {owner}, or correct expected_bucket_owner."
            )
        self._owner_checked = True

    def _place(self, identity: Identity, key_arn: str | None) -> Place:
        return Place(self._wish.name, identity.region, identity.partition, identity.account_id, key_arn)

    def _key_read(self, key: str, identity: Identity) -> Callable[[], str]:
        """Only an alias costs a call, and only one a run."""
        reference = _kms.parse_key(key)
        known = _kms.known_arn(reference, identity)
        return partial(self._account.key_of_alias, reference) if known is None else partial(str, known)

    def _state(self, place: Place, answers: Mapping[str, Mapping[str, t.Any]]) -> BucketState:
        contents = None if self._wish.present else first_page(answers)
        values = {setting.name: setting.normal(answers[setting.name], place) for setting in self._wish.settings}
        return BucketState(place, True, values, answers, contents, self._deleted_objects)


def make_bucket(module: AwsModule) -> Bucket:
    """The bucket that the module's options ask for."""
    return from_options(module.params, module.clients, module.warn)


def from_options(
    options: Mapping[str, t.Any], clients: Clients, warn: Callable[[str], None], account: Account | None = None
) -> Bucket:
    """The bucket that these options of the module ask for."""
    calls = BucketCalls(clients, options["name"])
    wish = bucket_wish(options, calls.region)
    warning = name_warning(wish.name)
    if warning and wish.present:
        warn(warning)
    return Bucket(clients, wish, calls, warn, account)
