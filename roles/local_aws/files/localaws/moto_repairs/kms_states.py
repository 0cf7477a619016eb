# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a key refuses in which state. moto does everything in every state, and never deletes a key.

Source: "Key states of AWS KMS keys" in the developer guide of KMS.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from moto.core.exceptions import JsonRESTError

_CRYPTOGRAPHY = frozenset(
    ("Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "CreateGrant")
)
_REFUSED_WHEN_DISABLED = _CRYPTOGRAPHY | {"EnableKeyRotation", "DisableKeyRotation"}
_REFUSED_WHEN_PENDING = _REFUSED_WHEN_DISABLED | {
    "CreateAlias",
    "DisableKey",
    "EnableKey",
    "ScheduleKeyDeletion",
    "TagResource",
    "UntagResource",
    "UpdateAlias",
    "UpdateKeyDescription",
}


def require_fitting(key: Any, operation: str) -> None:
    """Raise what KMS answers when the key's state does not fit."""
    if key.key_state == "Disabled" and operation in _REFUSED_WHEN_DISABLED:
        raise JsonRESTError("DisabledException", f"{key.arn} is disabled.")
    if key.key_state == "PendingDeletion" and operation in _REFUSED_WHEN_PENDING:
        raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is pending deletion.")
    if key.key_state != "PendingDeletion" and operation == "CancelKeyDeletion":
        raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is not pending deletion.")


def require_window(days: object) -> None:
    """The days that KMS waits before it deletes a key."""
    if not isinstance(days, int) or not 7 <= days <= 30:
        raise JsonRESTError(
            "ValidationException",
            f"1 validation error detected: Value '{days}' at 'pendingWindowInDays' failed to satisfy constraint: Member must "
            "have value between 7 and 30",
        )


def delete_due(backend: Any, now: datetime) -> None:
    """Delete the keys whose time has come, with their aliases."""
    for key_id, key in list(backend.keys.items()):
        due = key.deletion_date
        if due is not None and due.replace(tzinfo=due.tzinfo or timezone.utc) <= now:
            backend.delete_key(key_id)
