# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""A KMS key: the edge to AWS. What is decided is decided in C(_key_plan)."""

from __future__ import annotations

import functools
import typing as t
from dataclasses import dataclass

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tags as tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import (
    AWS_ERRORS,
    caller_identity,
    read_concurrently,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import Superseded
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import (
    MlflowError,
    error_message,
    explain,
    is_error,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._iam_calls import unless_absent
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._key_options import wish_from
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._key_plan import plan_key
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._key_state import KeyState, describe, policy_name
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._once import once
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import parse
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role import confirm_shown

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule, Clients
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._key_options import KeyWish
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Change, Plan

ABSENT = ("NotFoundException",)
OVERTAKEN = ("KMSInvalidStateException", "DisabledException", "ConflictException")
EXISTS = ("AlreadyExistsException",)
FACTS = ("KeyManager", "KeySpec", "KeyUsage", "Origin", "CreationDate", "DeletionDate")
DENIED = ("AccessDeniedException",)


@dataclass(frozen=True)
class Waiting:
    """Whether to wait until KMS shows what was written, and for how many seconds."""

    wanted: bool
    timeout: float


class KeyResource:
    """One key with its alias, for C(_converge)."""

    def __init__(self, clients: Clients, wish: KeyWish, waiting: Waiting) -> None:
        self._clients = clients
        self._wish = wish
        self._waiting = waiting
        self._made: str | None = None
        self._unnamed: str | None = None
        self._home: tuple[str, str] | None = None

    @property
    def title(self) -> str:
        """How messages name it."""
        return f"KMS key '{self._wish.alias}'"

    def read(self) -> KeyState:
        """Two rounds: the key that is meant, then everything about it at once. Without one, a third between them: one left behind."""
        found = read_concurrently(self._looks())
        aliased, named = found["alias"], found.get("key")
        metadata = named if self._wish.key is not None else aliased
        if metadata is None and self._wish.key is None and self._wish.present:
            metadata = self._without_alias()
        if metadata is None:
            partition, account_id = self._home_of_caller()
            alias_of = None if aliased is None else aliased["Arn"]
            return KeyState(partition, account_id, self._wish.region, alias_of=alias_of)
        details = read_concurrently(self._details(metadata["Arn"]))
        return self._state(metadata, aliased, details)

    def plan(self, state: KeyState) -> Plan[KeyState]:
        """What differs from the wish."""
        return plan_key(self._wish, state)

    def settle(self, state: KeyState) -> KeyState:
        """KMS has no state that passes by itself in which it refuses a write."""
        return state

    def apply(self, change: Change) -> None:
        """Make one change true; what is about a key that was made just now is told its id."""
        call = change.call
        if call.operation == "create_key":
            self._made = self._unnamed = self._create(call)
            return
        if self._made is not None:
            name = "TargetKeyId" if call.operation == "create_alias" else "KeyId"
            call = Call(call.service, call.operation, {name: self._made, **call.parameters})
        try:
            self._clients.send(call)
        except AWS_ERRORS as error:
            self._judge(change, call, error)
        if call.operation == "create_alias":
            self._unnamed = None

    def confirm(self, plan: Plan[KeyState]) -> KeyState:
        """Wait (when asked to) until KMS shows the whole plan: an alias takes some seconds."""
        return confirm_shown(self, plan, self._waiting.timeout if self._waiting.wanted else None, "KMS")

    def describe(self, state: KeyState) -> dict[str, t.Any]:
        """The module's return values."""
        return describe(self._wish, state)

    def _looks(self) -> dict[str, Callable[[], t.Any]]:
        self._clients["kms"]  # made here: only one thread may make clients
        looks: dict[str, Callable[[], t.Any]] = {"alias": functools.partial(self._metadata, self._wish.alias)}
        if self._wish.key is not None:
            looks["key"] = functools.partial(self._metadata, self._wish.key.text)
        return looks

    def _metadata(self, name: str) -> Mapping[str, t.Any] | None:
        kms = self._clients["kms"]
        answer = unless_absent(lambda: kms.describe_key(KeyId=name), ABSENT)
        return None if answer is None else t.cast("Mapping[str, t.Any]", answer["KeyMetadata"])

    def _details(self, arn: str) -> dict[str, Callable[[], t.Any]]:
        kms = self._clients["kms"]
        details: dict[str, Callable[[], t.Any]] = {
            "policy": lambda: kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"],
            "rotation": lambda: kms.get_key_rotation_status(KeyId=arn),
        }
        if self._wish.tags is not None or not self._wish.present:
            details["tags"] = lambda: [
                {"Key": tag["TagKey"], "Value": tag["TagValue"]}
                for page in kms.get_paginator("list_resource_tags").paginate(KeyId=arn)
                for tag in page["Tags"]
            ]
        return details

    def _state(
        self, metadata: Mapping[str, t.Any], aliased: Mapping[str, t.Any] | None, details: Mapping[str, t.Any]
    ) -> KeyState:
        _arn, partition, _kms, region, account_id, _key = metadata["Arn"].split(":", 5)
        is_aliased = aliased is not None and aliased["Arn"] == metadata["Arn"]
        facts = {name: metadata[name] for name in FACTS if metadata.get(name) is not None}
        rotation = details["rotation"]
        return KeyState(
            partition=partition,
            account_id=account_id,
            region=region,
            arn=metadata["Arn"],
            aliased=is_aliased,
            alias_of=None if aliased is None or is_aliased else aliased["Arn"],
            key_state=metadata["KeyState"],
            description=metadata.get("Description", ""),
            multi_region=metadata.get("MultiRegion", False),
            rotation=rotation["KeyRotationEnabled"],
            rotation_period=rotation.get("RotationPeriodInDays"),
            policy=parse(details["policy"], f"the policy of the {self.title}"),
            tags=tags.from_aws(details.get("tags", [])),
            facts={name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in facts.items()},
        )

    def _home_of_caller(self) -> tuple[str, str]:
        if self._home is None:
            identity = caller_identity(self._clients)
            self._home = identity.partition, identity.account_id
        return self._home

    def _create(self, call: Call) -> str:
        """Make the key; a second one made by the same request would be one that nobody knows."""

        def send() -> str:
            return str(self._clients.send_once(call)["KeyMetadata"]["Arn"])

        def look() -> str | None:
            made = self._left_behind()
            return None if made is None else str(made["Arn"])

        try:
            return once(send, look)
        except AWS_ERRORS as error:
            self._explain_refusal(error)
            raise

    def _left_behind(self) -> Mapping[str, t.Any] | None:
        """The key that was made for this alias and has none: the answer to its creation was lost, or a run ended then."""
        kms = self._clients["kms"]
        aliases = [each for page in kms.get_paginator("list_aliases").paginate() for each in page["Aliases"]]
        named = {alias.get("TargetKeyId") for alias in aliases}
        keys = [each for page in kms.get_paginator("list_keys").paginate() for each in page["Keys"]]
        unnamed = [key["KeyArn"] for key in keys if key["KeyId"] not in named]
        looks = read_concurrently({arn: functools.partial(self._made_for_alias, arn) for arn in unnamed})
        found = [looks[arn] for arn in sorted(looks) if looks[arn] is not None]
        if len(found) > 1:
            arns = ", ".join(key["Arn"] for key in found)
            raise MlflowError(
                f"{len(found)} keys without an alias were made for the {self.title} by runs that ended early: {arns}. Repeat with key_id "
                "set to one of them, and schedule the deletion of the others."
            )
        return found[0] if found else None

    def _made_for_alias(self, arn: str) -> Mapping[str, t.Any] | None:
        """The key, if its policy has the name that one of this alias is made with."""
        kms = self._clients["kms"]
        metadata = self._metadata(arn)
        if metadata is None or metadata["KeyState"] != "Enabled" or metadata.get("KeyManager") != "CUSTOMER":
            return None
        try:
            policy = kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"]
        except AWS_ERRORS as error:
            if is_error(error, (*ABSENT, *DENIED)):
                return None
            raise
        return (
            metadata
            if parse(policy, f"the policy of the key {arn}").get("Id") == policy_name(self._wish.alias)
            else None
        )

    def _without_alias(self) -> Mapping[str, t.Any] | None:
        """The key to go on with when the alias shows none. Whoever may not list keys makes a new one."""
        if self._made is not None:
            return self._metadata(self._made)
        try:
            return self._left_behind()
        except AWS_ERRORS as error:
            if is_error(error, DENIED):
                return None
            raise

    def _judge(self, change: Change, call: Call, error: Exception) -> None:
        """Whether a refused write means that the world moved on, or that the wish cannot be fulfilled."""
        if is_error(error, EXISTS):
            self._meet_alias(call, error)
        elif is_error(error, (*ABSENT, *OVERTAKEN)):
            if change.after is None:
                state = self.read()
                if not state.exists or state.is_going:
                    return
            self._leave_nothing_behind(error)
            raise Superseded from error
        else:
            self._leave_nothing_behind(error)
            self._explain_refusal(error)
            raise error

    def _meet_alias(self, call: Call, error: Exception) -> None:
        """The alias is there already: by an attempt of ours whose answer was lost, or by somebody else."""
        aliased = self._metadata(self._wish.alias)
        if aliased is not None and aliased["Arn"] == call.parameters["TargetKeyId"]:
            return
        self._leave_nothing_behind(error)
        raise Superseded from error

    def _leave_nothing_behind(self, error: Exception) -> None:
        """No later run would know of a key that was made a moment ago and has no alias."""
        if self._unnamed is not None:
            raise MlflowError(
                f"{explain(error, f'giving its alias to the {self.title}')} The key itself was made: repeat the run, "
                f"which finds it and goes on, or give it key_id={self._unnamed} (and another alias, when that one belongs to another key now).",
                arn=self._unnamed,
            ) from error

    def _explain_refusal(self, error: Exception) -> None:
        """In our words where AWS's do not say what to do."""
        if is_error(error, ("MalformedPolicyDocumentException",)):
            raise MlflowError(
                f"KMS refuses the policy of the {self.title} ({error_message(error)}). Each of administrators, and each principal of "
                "policy_statements, must exist, for some seconds at least; and whoever runs this must keep the right to "
                "kms:PutKeyPolicy, by an IAM policy or as one of administrators."
            ) from error
        if is_error(error, ("LimitExceededException",)):
            raise MlflowError(
                f"KMS refuses the {self.title} or its alias ({error_message(error)}). Delete what is not needed, or ask for more: "
                "aws service-quotas list-service-quotas --service-code kms"
            ) from error


def from_module(module: AwsModule) -> KeyResource:
    """The key that the module's options describe."""
    options = module.params
    wish = wish_from(options, module.region)
    if options["wait_timeout"] < 1:
        raise MlflowError(f"wait_timeout: {options['wait_timeout']} is not allowed: give 1 or more seconds.")
    return KeyResource(module.clients, wish, Waiting(options["wait"], options["wait_timeout"]))
