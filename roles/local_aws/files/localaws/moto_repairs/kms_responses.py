# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""KMS as moto knows it, with the rotation period that it loses, and the policies and states that it does not check."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from moto.kms.models import kms_backends
from moto.kms.responses import KmsResponse

from localaws import instance
from localaws.moto_repairs import kms_policies, kms_states
from localaws.moto_repairs.callers import principal_of
from localaws.permissions import partition_of

DEFAULT_PERIOD_DAYS = 365
# Kept on moto's own object, so that it is saved, restored and deleted with it.
_PERIOD = "localaws_rotation_period_days"
_BEGAN = "localaws_rotation_began"
_ONLY_BY_ID = frozenset(("CancelKeyDeletion", "DisableKey", "EnableKey", "ScheduleKeyDeletion"))


class RepairedKmsResponse(KmsResponse):  # type: ignore[misc]  # moto has no type information
    """moto's KMS with rotation periods, states and checked policies."""

    @property
    def kms_backend(self) -> Any:
        backend = kms_backends[self.current_account][self.region]
        kms_states.delete_due(backend, instance.current().clock.now())
        return backend

    def _get_param(self, param_name: str, if_none: Any = None) -> Any:
        """moto takes a key's ARN everywhere but in these operations, where it fails."""
        value = super()._get_param(param_name, if_none)
        if param_name == "KeyId" and self._get_action() in _ONLY_BY_ID:
            return str(value).rpartition("/")[2]
        return value

    def _validate_cmk_id(self, key_id: str) -> None:
        """moto calls this first in every operation on a key."""
        super()._validate_cmk_id(key_id)
        kms_states.require_fitting(self.kms_backend.keys[self.kms_backend.get_key_id(key_id)], self._get_action())

    def create_key(self) -> str:
        policy = self._get_param("Policy")
        if policy:
            self._require_policy(policy, "*")
        answer = json.loads(super().create_key())
        if answer["KeyMetadata"]["MultiRegion"] is None:
            answer["KeyMetadata"]["MultiRegion"] = False
            self.kms_backend.keys[answer["KeyMetadata"]["KeyId"]].multi_region = False
        return json.dumps(answer)

    def put_key_policy(self) -> str:
        self._validate_cmk_id(self._get_param("KeyId"))
        self._require_policy(self._get_param("Policy"), self._key().arn)
        answer: str = super().put_key_policy()
        return answer

    def schedule_key_deletion(self) -> str:
        days = self._get_param("PendingWindowInDays", 30)
        kms_states.require_window(days)
        super().schedule_key_deletion()
        key = self._key()
        due = instance.current().clock.now() + timedelta(days=days)
        key.deletion_date = due.replace(tzinfo=None)  # as moto keeps it
        answer = {"KeyId": key.arn, "KeyState": key.key_state, "DeletionDate": due.timestamp()}
        return json.dumps({**answer, "PendingWindowInDays": days})

    def cancel_key_deletion(self) -> str:
        super().cancel_key_deletion()
        return json.dumps({"KeyId": self._key().arn})

    def enable_key_rotation(self) -> str:
        answer: str = super().enable_key_rotation()
        key = self._key()
        setattr(key, _PERIOD, self._get_param("RotationPeriodInDays", DEFAULT_PERIOD_DAYS))
        setattr(key, _BEGAN, instance.current().clock.time())
        return answer

    def get_key_rotation_status(self) -> str:
        status = {**json.loads(super().get_key_rotation_status()), "KeyId": self._key().arn}
        key = self._key()
        if key.key_state == "PendingDeletion":
            status["KeyRotationEnabled"] = False
        if status["KeyRotationEnabled"]:
            days = getattr(key, _PERIOD, DEFAULT_PERIOD_DAYS)
            status["RotationPeriodInDays"] = days
            status["NextRotationDate"] = getattr(key, _BEGAN, instance.current().clock.time()) + days * 86400
        return json.dumps(status)

    def _require_policy(self, document: str, key_arn: str) -> None:
        bypass = bool(self._get_param("BypassPolicyLockoutSafetyCheck"))
        principal = principal_of(self.access_key)
        kms_policies.require_acceptable(document, principal, partition_of(self.region), key_arn, bypass)

    def _key(self) -> Any:
        return self.kms_backend.keys[self.kms_backend.get_key_id(self._get_param("KeyId"))]
