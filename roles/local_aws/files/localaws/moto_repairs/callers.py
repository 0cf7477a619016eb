# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is behind an access key."""

from __future__ import annotations

from moto.sts.models import sts_backends
from moto.utilities.utils import get_partition

from localaws.control_plane.store import Actor
from localaws.settings import BOOT_ACCESS_KEY


def caller(access_key: str, account_id: str, region: str) -> Actor:
    """The user, session or, with the boot key, the account itself."""
    partition = get_partition(region)
    if access_key == BOOT_ACCESS_KEY:
        return Actor(arn=f"arn:{partition}:iam::{account_id}:root", principal_id=account_id)
    user_id, arn, _unused = sts_backends[account_id][partition].get_caller_identity(access_key, region)
    return Actor(arn=arn, principal_id=user_id)
