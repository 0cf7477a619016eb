# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""STS as moto knows it; a role must exist and trust whoever assumes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import AccessDeniedError
from moto.core.responses import ActionResult
from moto.sts.exceptions import STSClientError
from moto.sts.models import sts_backends
from moto.sts.responses import TokenResponse

from localaws import credentials, instance
from localaws.iam_resources import role_of
from localaws.moto_repairs import trust
from localaws.moto_repairs.callers import caller, principal_of

if TYPE_CHECKING:
    from localaws.credentials import Principal

HALF_A_DAY = 43200
NO_RIGHTS = '{"Version": "2012-10-17", "Statement": []}'


# The error that others are made of has no public name in moto, and AccessDeniedError knows one sentence only.
_AwsError: Any = AccessDeniedError.__base__


class SessionCredentialsError(_AwsError):  # type: ignore[misc]  # moto has no type information
    """Temporary keys make no others."""

    code = 403

    def __init__(self, operation: str) -> None:
        super().__init__("AccessDenied", f"Cannot call {operation} with session credentials")


class RepairedTokenResponse(TokenResponse):  # type: ignore[misc]  # moto has no type information
    """moto's STS behind the checks of this package."""

    def get_caller_identity(self) -> Any:
        actor = caller(self.access_key)
        return ActionResult({"UserId": actor.principal_id, "Account": self.current_account, "Arn": actor.arn})

    def assume_role(self) -> Any:
        """A role that does not exist and one that does not trust the caller look the same from outside."""
        arn = self._get_param("RoleArn")
        actor = caller(self.access_key)
        role = role_of(arn)
        external_id = self._get_param("ExternalId")
        context = {"sts:ExternalId": external_id} if external_id else {}
        if role is None or not trust.principal_may_assume(role, actor.arn, context):
            raise AccessDeniedError(actor.arn, f"sts:AssumeRole on resource: {arn}")
        if self._get_int_param("DurationSeconds", 3600) > int(role.max_session_duration or 3600):
            raise STSClientError(
                "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
            )
        answer = super().assume_role()
        self._move_to_own_clock(arn)
        return answer

    def get_session_token(self) -> Any:
        """The caller's own rights for a while."""
        principal = self._with_long_lived_key("GetSessionToken")
        return ActionResult({"Credentials": self._issued(principal)})

    def get_federation_token(self) -> Any:
        """Somebody else with those of the caller's rights that the policy names."""
        name = self._get_param("Name")
        principal = self._with_long_lived_key("GetFederationToken")
        federated = replace(
            principal,
            arn=f"arn:{self.partition}:sts::{self.current_account}:federated-user/{name}",
            session_policy=self._get_param("Policy") or NO_RIGHTS,
            user_id=f"{self.current_account}:{name}",
        )
        user = {"FederatedUserId": federated.user_id, "Arn": federated.arn}
        return ActionResult({"Credentials": self._issued(federated), "FederatedUser": user, "PackedPolicySize": 6})

    def _with_long_lived_key(self, operation: str) -> Principal:
        principal = principal_of(self.access_key)
        if credentials.is_temporary(principal):
            raise SessionCredentialsError(operation)
        return principal

    def _issued(self, principal: Principal) -> dict[str, Any]:
        running = instance.current()
        seconds = self._get_int_param("DurationSeconds", HALF_A_DAY)
        now = running.clock.now()
        key = credentials.issue_token(principal, now + timedelta(seconds=seconds), now, running.settings)
        return {
            "AccessKeyId": key.credentials.access_key_id,
            "SecretAccessKey": key.credentials.secret_access_key,
            "SessionToken": key.credentials.session_token,
            "Expiration": key.expiration,
        }

    def _move_to_own_clock(self, arn: str) -> None:
        """moto counts the session's life on the machine's clock."""
        sessions = sts_backends[arn.split(":")[4]][self.partition].assumed_roles
        sessions[-1].expiration += timedelta(seconds=instance.current().clock.offset)
