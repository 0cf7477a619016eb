# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is behind an access key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws import credentials
from localaws.control_plane.store import Actor
from localaws.instance import current

if TYPE_CHECKING:
    from localaws.credentials import Principal


def principal_of(access_key: str) -> Principal:
    """The user, session or, with the boot key (and with unknown ones, when no signature is checked), the account itself."""
    settings = current().settings
    known = credentials.find(access_key, settings)
    return credentials.root(settings) if known is None else known.principal


def caller(access_key: str) -> Actor:
    """The same as SageMaker shows it."""
    principal = principal_of(access_key)
    return Actor(arn=principal.arn, principal_id=principal.user_id)
