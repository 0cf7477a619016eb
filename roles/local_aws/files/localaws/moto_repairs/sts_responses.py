# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""STS as moto knows it; a role must exist and trust whoever assumes it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from moto.core.exceptions import AccessDeniedError
from moto.core.responses import ActionResult
from moto.sts.exceptions import STSClientError
from moto.sts.models import sts_backends
from moto.sts.responses import TokenResponse

from localaws import instance
from localaws.iam_resources import role_of
from localaws.moto_repairs import trust
from localaws.moto_repairs.callers import caller


class RepairedTokenResponse(TokenResponse):  # type: ignore[misc]  # moto has no type information
    """moto's STS behind the checks of this package."""

    def get_caller_identity(self) -> Any:
        actor = caller(self.access_key, self.current_account, self.region)
        return ActionResult({"UserId": actor.principal_id, "Account": self.current_account, "Arn": actor.arn})

    def assume_role(self) -> Any:
        """A role that does not exist and one that does not trust the caller look the same from outside."""
        arn = self._get_param("RoleArn")
        actor = caller(self.access_key, self.current_account, self.region)
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

    def _move_to_own_clock(self, arn: str) -> None:
        """moto counts the session's life on the machine's clock."""
        sessions = sts_backends[arn.split(":")[4]][self.partition].assumed_roles
        sessions[-1].expiration += timedelta(seconds=instance.current().clock.offset)
