# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a role was last made or given a new trust policy, on the clock that can be moved.

moto notes the creation on the machine's clock, which tells nothing about IAM's propagation once ours was moved.
"""

from __future__ import annotations

from typing import Any

from localaws import instance

# Kept on moto's own object, so that it is saved, restored and deleted with it.
_ATTRIBUTE = "localaws_trust_changed_at"


def renew(role: Any) -> None:
    """The role has just been made or changed."""
    setattr(role, _ATTRIBUTE, instance.current().clock.time())


def seconds(role: Any) -> float:
    """How long ago that was."""
    changed: float = getattr(role, _ATTRIBUTE, 0.0)
    return instance.current().clock.time() - changed
