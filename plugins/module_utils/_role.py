# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The service role of a managed MLflow: the edge to IAM. What is decided is decided in C(_role_plan)."""

from __future__ import annotations

import functools
import time
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _limits as limits
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tags as tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._account import Account
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._account_roles import (
    account_roles,
    as_single_reads,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import (
    AWS_ERRORS,
    Deadline,
    Identity,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import Superseded
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError, error_message, is_error
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._iam_calls import (
    ABSENT,
    OVERTAKEN,
    pages,
    unless_absent,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._kms import known_arn
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policies import KMS_ACCESS
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import parse, same
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._reading import read
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_options import RoleWish, wish_from
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_plan import needs_propagation, plan_role
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_state import (
    DEFAULT_MAX_SESSION_DURATION,
    RoleState,
    describe,
    goes,
)

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule, Clients
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import Resource
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Change, Plan
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import Document
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._reading import Reading

State = t.TypeVar("State")

EXISTS = ("EntityAlreadyExists", "EntityAlreadyExistsException")
FIRST_DELAY, DELAY = limits.IAM_PAUSES
APPEARANCE_TIMEOUT = limits.IAM_APPEARANCE


@dataclass(frozen=True)
class Patience:
    """How long to wait for IAM.

    :param wait: whether to wait at all.
    :param timeout: seconds until IAM must show what was written.
    :param propagation_delay: seconds after the last write until other services act on it.
    """

    wait: bool
    timeout: float
    propagation_delay: float


class RoleResource:
    """One service role, for C(_converge).

    :param in_bulk: whether the first look is one at all roles of the account.
    """

    def __init__(
        self,
        clients: Clients,
        wish: RoleWish,
        patience: Patience,
        account: Account | None = None,
        *,
        in_bulk: bool = False,
    ) -> None:
        self._clients = clients
        self._wish = wish
        self._patience = patience
        self._account = account or Account(clients)
        self._in_bulk = in_bulk and wish.present
        self._key_arn: str | None = None
        self._created: dict[str, t.Any] = {}

    @property
    def title(self) -> str:
        """How messages name it."""
        return f"role '{self._wish.name}'"

    def read(self) -> RoleState:
        """One round of concurrent reads; a second one only for a role that is absent, or loses policies."""
        return read(self.reading())

    def reading(self) -> Reading[RoleState]:
        """What to read, round by round. A difference that is seen in bulk is looked at again: the preview must not lag behind."""
        if self._in_bulk:
            self._in_bulk = False  # it does not tell what is written from now on
            state = yield from self._state_of(self._bulk_look())
            if state is not None and not (state.exists and self.plan(state).changed):
                return state
        return t.cast("RoleState", (yield from self._state_of(self._look())))

    def _look(self) -> Reading[dict[str, t.Any] | None]:
        """The answers to all reads of the role, by name."""
        reads, documents_of_wish = self._reads(), self._document_reads(self._declared_policies())
        # Who must wait for the account anyway asks for no policy of a role that may be absent.
        waits = self._account.waits_for_others
        found = yield reads if waits else {**reads, **documents_of_wish}
        if found["role"] is not None:
            self._account.learn(found["role"]["Arn"])
        if waits and found["role"] is not None:
            found.update((yield documents_of_wish))
        return found

    def _bulk_look(self) -> Reading[dict[str, t.Any] | None]:
        """The same answers with two calls; None when these contradict each other."""
        reads = {name: each for name, each in self._reads().items() if name in ("role", "key")}
        iam = self._clients["iam"]
        found = yield {**reads, "detail": lambda: account_roles(iam).named(self._wish.name)}
        role, detail = found["role"], found.pop("detail")
        if role is None:
            return found
        if detail is None or detail["RoleId"] != role["RoleId"]:
            return None
        self._account.learn(role["Arn"])
        return {**found, **as_single_reads(detail, self.title)}

    def _state_of(self, look: Reading[dict[str, t.Any] | None]) -> Reading[RoleState | None]:
        """What the answers say; None when there are none."""
        found = yield from look
        if found is None:
            return None
        role = found["role"]
        if self._account.known is None:
            yield {"account": self._account.identity}
        home = self._account.identity()
        partition, account_id = home.partition, home.account_id
        key_arn = self._resolve_key(found.get("key"), partition, account_id)
        if role is None:
            return RoleState(partition=partition, account_id=account_id, exists=False, kms_key_arn=key_arn)
        shown = {*self._declared_policies(), *self._to_remove(found["policies"])}
        documents = {name: document for name in shown if (document := found.get(f"policy {name}")) is not None}
        unwished = self._document_reads(self._to_remove(set(found["policies"]) - set(documents)))
        if unwished:
            more = yield unwished
            documents.update({name.removeprefix("policy "): each for name, each in more.items() if each is not None})
        return self._state(home, role, found, documents, key_arn)

    def _state(
        self,
        home: Identity,
        role: Mapping[str, t.Any],
        found: Mapping[str, t.Any],
        documents: Mapping[str, t.Any],
        key_arn: str | None,
    ) -> RoleState:
        """A role that exists, as plain data."""
        return RoleState(
            partition=home.partition,
            account_id=home.account_id,
            exists=True,
            trust=parse(role["AssumeRolePolicyDocument"], f"the trust policy of the {self.title}"),
            path=role["Path"],
            description=role.get("Description", ""),
            max_session_duration=role.get("MaxSessionDuration", DEFAULT_MAX_SESSION_DURATION),
            permissions_boundary=role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            tags=tags.from_aws(role.get("Tags", [])),
            inline_policies=dict(sorted(documents.items())),
            other_inline_policies=tuple(sorted(set(found["policies"]) - set(documents))),
            managed_policies=tuple(sorted(found["attached"])),
            instance_profiles=tuple(sorted(found.get("profiles", ()))),
            kms_key_arn=key_arn,
            role_id=role["RoleId"],
            create_date=role["CreateDate"].isoformat(),
        )

    def plan(self, state: RoleState) -> Plan[RoleState]:
        """What differs from the wish."""
        return plan_role(self._wish, state)

    def settle(self, state: RoleState) -> RoleState:
        """IAM has no state in which it refuses a write."""
        return state

    def apply(self, change: Change) -> None:
        """Make one change true."""
        try:
            answer = self._clients.send(change.call)
        except AWS_ERRORS as error:
            self._judge(change, error)
        else:
            self._created = answer.get("Role") or self._created

    def confirm(self, plan: Plan[RoleState]) -> RoleState:
        """Wait until IAM shows the whole plan twice in a row, and then until other services may act on it.

        IAM's servers catch up with each other one by one, and one look may reach one that already has.
        """
        written = time.monotonic()
        state = confirm_shown(self, plan, self._patience.timeout if self._patience.wait else None)
        if self._patience.wait and needs_propagation(plan.changes):
            time.sleep(max(0.0, self._patience.propagation_delay - (time.monotonic() - written)))
        return state if state.exists else plan.predicted

    def conclude(self, plan: Plan[RoleState]) -> RoleState:
        """What IAM's answers to the changes tell, once other services may act on them."""
        if plan.changed and self._patience.wait and needs_propagation(plan.changes):
            time.sleep(self._patience.propagation_delay)
        created = self._created.get("CreateDate")
        if created is None:
            return plan.predicted
        return replace(plan.predicted, role_id=self._created["RoleId"], create_date=created.isoformat())

    def arn(self, state: RoleState) -> str:
        """The role's ARN, also before it exists."""
        return state.arn(self._wish.name)

    def describe(self, state: RoleState) -> dict[str, t.Any]:
        """The module's return values."""
        return {**describe(self._wish.name, state), "region": self._wish.region}

    def _reads(self) -> dict[str, Callable[[], t.Any]]:
        """Every read whose result does not depend on another, by name. Makes the clients that they need."""
        iam = self._clients["iam"]
        name = {"RoleName": self._wish.name}
        reads: dict[str, Callable[[], t.Any]] = {
            "role": functools.partial(unless_absent, lambda: iam.get_role(**name)["Role"]),
            "policies": functools.partial(pages, iam, "list_role_policies", "PolicyNames", name),
            "attached": lambda: [
                policy["PolicyArn"] for policy in pages(iam, "list_attached_role_policies", "AttachedPolicies", name)
            ],
        }
        if not self._wish.present:
            reads["profiles"] = lambda: [
                profile["InstanceProfileName"]
                for profile in pages(iam, "list_instance_profiles_for_role", "InstanceProfiles", name)
            ]
        key = self._wish.key
        if key is not None and key.is_alias and self._key_arn is None:
            reads["key"] = functools.partial(self._account.key_of_alias, key)
        return reads

    def _declared_policies(self) -> list[str]:
        if not self._wish.present:
            return []
        own = [name for name in self._wish.own_policy_names if name != KMS_ACCESS or self._wish.key]
        return [*own, *(self._wish.inline_policies or {})]

    def _to_remove(self, unread: Iterable[str]) -> list[str]:
        """The policies that nobody declares and that will go: they are read to be shown."""
        return [policy for policy in sorted(unread) if not self._wish.present or goes(self._wish, policy)]

    def _document_reads(self, policies: list[str]) -> dict[str, Callable[[], t.Any]]:
        return {f"policy {policy}": functools.partial(self._document, policy) for policy in policies}

    def _document(self, policy: str) -> Document | None:
        answer = unless_absent(
            lambda: self._clients["iam"].get_role_policy(RoleName=self._wish.name, PolicyName=policy)
        )
        return None if answer is None else parse(answer["PolicyDocument"], f"policy '{policy}' of the {self.title}")

    def _resolve_key(self, looked_up: str | None, partition: str, account_id: str) -> str | None:
        """The key's ARN; an alias is looked up once a run."""
        if self._wish.key is None:
            return None
        if self._key_arn is None:
            self._key_arn = looked_up or known_arn(
                self._wish.key, Identity(account_id, partition, self._wish.region, arn="")
            )
        return self._key_arn

    def _judge(self, change: Change, error: Exception) -> None:
        """Whether a refused write means that the world moved on, or that the wish cannot be fulfilled."""
        if is_error(error, EXISTS) and change.call.operation == "create_role":
            self._meet_existing(change, error)
        elif is_error(error, ABSENT):
            self._miss(change, error)
        elif is_error(error, OVERTAKEN):
            raise Superseded from error
        else:
            raise error

    def _meet_existing(self, change: Change, error: Exception) -> None:
        """The role is there already: by an attempt of ours whose answer was lost, or by somebody else."""
        state = self._await_appearance(error)
        attempts = getattr(error, "response", {}).get("ResponseMetadata", {}).get("RetryAttempts", 0)
        if attempts and same(state.trust, change.call.parameters["AssumeRolePolicyDocument"]):
            return
        raise Superseded from error

    def _await_appearance(self, error: Exception) -> RoleState:
        for _elapsed in Deadline(APPEARANCE_TIMEOUT, DELAY, first_delay=FIRST_DELAY).ticks():
            state = self.read()
            if state.exists:
                return state
        raise MlflowError(
            f"IAM says that the {self.title} exists ({error_message(error)}), but does not show it. Two roles cannot have "
            "names that differ in letter case only: look for such a name (aws iam list-roles), and use it."
        ) from error

    def _miss(self, change: Change, error: Exception) -> None:
        """What is written to is gone, or what is to be attached does not exist."""
        parameters = change.call.parameters
        policy = parameters.get("PolicyArn") or parameters.get("PermissionsBoundary")
        if change.after is None and not self._wish.present:
            return
        if policy and change.after is not None and is_error(error, ABSENT, policy):
            option = "managed_policies" if "PolicyArn" in parameters else "permissions_boundary"
            raise MlflowError(
                f"{option}: there is no managed policy '{policy}' that can be attached ({error_message(error)}). A name "
                "without arn: means a policy of AWS; give the ARN of one of your own."
            ) from error
        raise Superseded from error


def await_shown(resource: Resource[State], timeout: float, service: str = "IAM") -> State:
    """Look until two looks in a row show that nothing is left of the plan; the state read last."""
    agreeing = 0
    remaining: list[str] = []
    for _elapsed in Deadline(timeout, DELAY, first_delay=FIRST_DELAY).ticks():
        state = resource.read()
        remaining = [change.name for change in resource.plan(state).changes]
        agreeing = 0 if remaining else agreeing + 1
        if agreeing == 2:
            return state
    raise MlflowError(
        f"{service} took every change of the {resource.title}, but does not show all of them after "
        f"{timeout:g} s (missing: {', '.join(remaining) or 'a second look'}). Repeat the run; "
        "if it happens again, another run may be changing it (CloudTrail names the caller), or raise wait_timeout."
    )


def confirm_shown(resource: Resource[State], plan: Plan[State], timeout: float | None, service: str = "IAM") -> State:
    """Wait (when a timeout is given) until AWS shows the whole plan; the state read last."""
    if not plan.changed:
        return plan.predicted
    if timeout is not None:
        return await_shown(resource, timeout, service)
    state = resource.read()
    return plan.predicted if resource.plan(state).changed else state


def from_module(module: AwsModule) -> RoleResource:
    """The role that the module's options describe."""
    return from_options(module.params, module.region, module.clients)


def from_options(
    options: Mapping[str, t.Any], region: str | None, clients: Clients, account: Account | None = None
) -> RoleResource:
    """The role that these options of the module describe."""
    if not region:
        raise MlflowError("region: it is not set, and the policies name it. Set the option region, or AWS_REGION.")
    for option, least in (("wait_timeout", 1), ("propagation_delay", 0)):
        if options[option] < least:
            raise MlflowError(f"{option}: {options[option]} is not allowed: give {least} or more seconds.")
    patience = Patience(options["wait"], options["wait_timeout"], options["propagation_delay"])
    return RoleResource(clients, wish_from(options, region), patience, account, in_bulk=options["bulk_read"])
