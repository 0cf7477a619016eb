# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Policies of people and jobs that use MLflow: the edge to IAM. What is decided is decided in C(_client_*_plan)."""

from __future__ import annotations

import abc
import functools
import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tags as tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import (
    AWS_ERRORS,
    caller_identity,
    read_concurrently,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._client_inline_plan import (
    InlineState,
    describe_inline,
    plan_inline,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._client_managed_plan import (
    ManagedState,
    describe_managed,
    plan_managed,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._client_policies import wider_than_named
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._client_policy_options import (
    ClientPolicyWish,
    Target,
    wish_from,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import Superseded
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError, error_message, is_error
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._iam_calls import make_true, pages, unless_absent
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._kms import key_of_alias, known_arn
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._once import once
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import parse, same
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role import EXISTS, confirm_shown

if t.TYPE_CHECKING:
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule, Clients, Identity
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call, Change, Plan
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import Document

State = t.TypeVar("State")

TOO_MANY = ("LimitExceeded", "LimitExceededException")
ONLY_APP_ACTION = (
    "AWS has one action for all of MLflow's API on an App, sagemaker:CallMlflowAppApi: whoever has this policy can read, write and "
    "delete everything in it, whatever the profile is called. Give people with different rights Apps, or tracking servers, of their own."
)


class ClientPolicyResource(abc.ABC, t.Generic[State]):
    """What both types of policy have in common."""

    def __init__(self, clients: Clients, wish: ClientPolicyWish, wait_timeout: float | None) -> None:
        self._clients = clients
        self._wish = wish
        self._wait_timeout = wait_timeout
        self._identity: Identity | None = None
        self._key_arn: str | None = None

    @property
    def title(self) -> str:
        """How messages name it."""
        return f"policy '{self._wish.name}'"

    @abc.abstractmethod
    def read(self) -> State:
        """What IAM shows."""

    @abc.abstractmethod
    def plan(self, state: State) -> Plan[State]:
        """What differs from the wish."""

    @abc.abstractmethod
    def describe(self, state: State) -> dict[str, t.Any]:
        """The module's return values."""

    def settle(self, state: State) -> State:
        """IAM has no state in which it refuses a write."""
        return state

    def apply(self, change: Change) -> None:
        """Make one change true, unless it is already; the world may have moved on."""
        make_true(change, self._send)

    def confirm(self, plan: Plan[State]) -> State:
        """Wait (when asked to) until IAM shows the whole plan."""
        return confirm_shown(self, plan, self._wait_timeout)

    def _send(self, call: Call) -> dict[str, t.Any]:
        return self._clients.send(call)

    def _who(self) -> Identity:
        if self._identity is None:
            self._identity = caller_identity(self._clients)
            for option, partition, account_id in self._wish.owners:
                if (partition, account_id) != (self._identity.partition, self._identity.account_id):
                    raise MlflowError(
                        f"{option}: an ARN of the account {account_id} ({partition}) is given, but the calls go to the account "
                        f"{self._identity.account_id} ({self._identity.partition}). Use credentials of the one, or the names of the other."
                    )
        return self._identity

    def _resolve_key(self) -> str | None:
        """The key's ARN; an alias is looked up once a run."""
        key = self._wish.key
        if key is not None and self._key_arn is None:
            if key.is_alias:
                self._key_arn = key_of_alias(self._clients, key)
            elif key.is_arn:
                self._key_arn = key.text
            else:
                self._key_arn = known_arn(key, self._who())
        return self._key_arn

    def _exists(self, target: Target) -> bool:
        iam = self._clients["iam"]
        look = functools.partial(
            getattr(iam, f"get_{target.kind}"),
            **target.parameters,
            **({"MaxItems": 1} if target.kind == "group" else {}),
        )
        return unless_absent(look) is not None

    def _missing(self, targets: list[Target]) -> tuple[Target, ...]:
        """Those that do not exist."""
        if not targets or not self._wish.present:
            return ()
        found = read_concurrently(
            {f"{each.kind} {each.name}": functools.partial(self._exists, each) for each in targets}
        )
        return tuple(each for each in targets if not found[f"{each.kind} {each.name}"])


class InlinePolicyResource(ClientPolicyResource[InlineState]):
    """The policy in some roles and groups, for C(_converge)."""

    def read(self) -> InlineState:
        """One read for each role and group, all at once; a second one for those that do not have the policy."""
        if self._wish.owners:
            self._who()
        key_arn = self._resolve_key()
        self._clients["iam"]  # made here: only one thread may make clients
        targets = self._wish.targets
        found = read_concurrently(
            {str(number): functools.partial(self._document, each) for number, each in enumerate(targets)}
        )
        documents = {each: found[str(number)] for number, each in enumerate(targets)}
        return InlineState(
            documents={each: document for each, document in documents.items() if document is not None},
            missing=self._missing([each for each, document in documents.items() if document is None]),
            key_arn=key_arn,
        )

    def plan(self, state: InlineState) -> Plan[InlineState]:
        """What differs from the wish."""
        return plan_inline(self._wish, state)

    def describe(self, state: InlineState) -> dict[str, t.Any]:
        """The module's return values."""
        return describe_inline(self._wish, state)

    def _document(self, target: Target) -> Document | None:
        read = getattr(self._clients["iam"], f"get_{target.kind}_policy")
        answer = unless_absent(lambda: read(**target.parameters, PolicyName=self._wish.name))
        where = f"the {self.title} of the {target.kind} '{target.name}'"
        return None if answer is None else parse(answer["PolicyDocument"], where)


class ManagedPolicyResource(ClientPolicyResource[ManagedState]):
    """The policy as a resource of its own, for C(_converge)."""

    def read(self) -> ManagedState:
        """Two rounds of concurrent reads: which version is in force must be known before it is read."""
        key_arn = self._resolve_key()
        identity = self._who()
        arn = f"arn:{identity.partition}:iam::{identity.account_id}:policy{self._wish.path or '/'}{self._wish.name}"
        iam, name = self._clients["iam"], {"PolicyArn": arn}
        found = read_concurrently(
            {
                "policy": functools.partial(unless_absent, lambda: iam.get_policy(**name)["Policy"]),
                "versions": functools.partial(pages, iam, "list_policy_versions", "Versions", name),
                "attached": functools.partial(unless_absent, functools.partial(self._attached, arn)),
            }
        )
        attached = found["attached"] or frozenset()
        missing = self._missing([target for target in self._wish.targets if target not in attached])
        policy = found["policy"]
        if policy is None:
            return ManagedState(arn, identity.account_id, missing=missing, key_arn=key_arn)
        default = policy["DefaultVersionId"]
        return ManagedState(
            arn,
            identity.account_id,
            document=self._document(arn, default),
            default_version_id=default,
            other_versions=tuple(
                version["VersionId"]
                for version in sorted(found["versions"], key=lambda version: _number(version["VersionId"]))
                if version["VersionId"] != default
            ),
            attached=attached,
            is_boundary=bool(policy.get("PermissionsBoundaryUsageCount")),
            tags=tags.from_aws(policy.get("Tags", [])),
            missing=missing,
            key_arn=key_arn,
        )

    def plan(self, state: ManagedState) -> Plan[ManagedState]:
        """What differs from the wish."""
        return plan_managed(self._wish, state)

    def apply(self, change: Change) -> None:
        """Make one change true."""
        try:
            super().apply(change)
        except AWS_ERRORS as error:
            if is_error(error, EXISTS) and change.call.operation == "create_policy":
                self._meet_existing(change, error)
            elif is_error(error, TOO_MANY) and change.call.operation == "create_policy_version":
                raise Superseded from error
            else:
                raise

    def describe(self, state: ManagedState) -> dict[str, t.Any]:
        """The module's return values."""
        return describe_managed(self._wish, state)

    def _attached(self, arn: str) -> frozenset[Target]:
        """Who has the policy, other than as a boundary."""
        paginator = self._clients["iam"].get_paginator("list_entities_for_policy")
        found = paginator.paginate(PolicyArn=arn, PolicyUsageFilter="PermissionsPolicy")
        return frozenset(
            Target(kind, each[f"{kind.capitalize()}Name"])
            for page in found
            for kind in ("role", "group", "user")
            for each in page.get(f"Policy{kind.capitalize()}s", ())
        )

    def _document(self, arn: str, version: str) -> Document | None:
        """The version may have been deleted since it was in force: then the policy is as good as unread."""
        read = self._clients["iam"].get_policy_version
        answer = unless_absent(lambda: read(PolicyArn=arn, VersionId=version))
        return None if answer is None else parse(answer["PolicyVersion"]["Document"], f"the {self.title}")

    def _send(self, call: Call) -> dict[str, t.Any]:
        """A new version once: IAM keeps five, and makes another one of a request that is sent again."""
        if call.operation != "create_policy_version":
            return super()._send(call)

        def look() -> dict[str, t.Any] | None:
            return {} if same(self.read().document, call.parameters["PolicyDocument"]) else None

        return once(lambda: self._clients.send_once(call), look)

    def _meet_existing(self, change: Change, error: Exception) -> None:
        """The policy is there already: by an attempt of ours whose answer was lost, or by somebody else."""
        state = self.read()
        if not state.exists:
            raise MlflowError(
                f"name: IAM says that the {self.title} exists ({error_message(error)}), but not at {state.arn}: it has another path, or "
                "its name differs in letter case. Set path to that of the policy (aws iam list-policies --scope Local), or choose "
                "another name."
            ) from error
        attempts = getattr(error, "response", {}).get("ResponseMetadata", {}).get("RetryAttempts", 0)
        if not attempts or not same(state.document, change.call.parameters["PolicyDocument"]):
            raise Superseded from error


def _number(version: str) -> int:
    """C(v10) is younger than C(v9)."""
    return int(version.removeprefix("v"))


def from_module(module: AwsModule) -> InlinePolicyResource | ManagedPolicyResource:
    """The policy that the module's options describe."""
    options = module.params
    if options["wait_timeout"] < 1:
        raise MlflowError(f"wait_timeout: {options['wait_timeout']} is not allowed: give 1 or more seconds.")
    wish = wish_from(options, module.region or "")
    if wish.access is not None and wider_than_named(wish.access):
        module.warn(ONLY_APP_ACTION)
    kind = ManagedPolicyResource if wish.managed else InlinePolicyResource
    return kind(module.clients, wish, options["wait_timeout"] if options["wait"] else None)
