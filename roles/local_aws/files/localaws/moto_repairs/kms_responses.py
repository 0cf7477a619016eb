# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""KMS as moto knows it, with the rotation period that it loses."""

from __future__ import annotations

import json
from typing import Any

from moto.kms.responses import KmsResponse

from localaws import instance

DEFAULT_PERIOD_DAYS = 365
# Kept on moto's own object, so that it is saved, restored and deleted with it.
_PERIOD = "localaws_rotation_period_days"
_BEGAN = "localaws_rotation_began"


class RepairedKmsResponse(KmsResponse):  # type: ignore[misc]  # moto has no type information
    """moto's KMS with rotation periods."""

    def enable_key_rotation(self) -> str:
        answer: str = super().enable_key_rotation()
        key = self._key()
        setattr(key, _PERIOD, self._get_param("RotationPeriodInDays", DEFAULT_PERIOD_DAYS))
        setattr(key, _BEGAN, instance.current().clock.time())
        return answer

    def get_key_rotation_status(self) -> str:
        status = {**json.loads(super().get_key_rotation_status()), "KeyId": self._key().arn}
        if status["KeyRotationEnabled"]:
            key = self._key()
            days = getattr(key, _PERIOD, DEFAULT_PERIOD_DAYS)
            status["RotationPeriodInDays"] = days
            status["NextRotationDate"] = getattr(key, _BEGAN, instance.current().clock.time()) + days * 86400
        return json.dumps(status)

    def _key(self) -> Any:
        return self.kms_backend.keys[self.kms_backend.get_key_id(self._get_param("KeyId"))]
