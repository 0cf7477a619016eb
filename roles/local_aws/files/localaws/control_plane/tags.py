# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of tracking servers and Apps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from localaws.control_plane import errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from localaws.control_plane.store import MlflowResource
    from localaws.instance import Instance

LIMIT = 50
MLFLOW_ARN = re.compile(r"arn:[^:]+:sagemaker:[^:]*:\d{12}:mlflow-(?:tracking-server|app)/")


def get(running: Instance, arn: str, account_id: str, region: str) -> MlflowResource:
    """The tagged resource, or AWS's error."""
    resource = running.store.find(arn)
    if resource is None or resource.is_deleted or (resource.account_id, resource.region) != (account_id, region):
        raise errors.error(running.settings.missing_tagged_resource_error, f"Resource with ARN {arn} does not exist.")
    return resource


def checked(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Tags as they come in a request, refused when AWS would refuse them."""
    accepted: dict[str, str] = {}
    for tag in tags:
        key = tag["Key"]
        if key.lower().startswith("aws:"):
            raise errors.validation(f"The tag key {key} is not allowed: tag keys cannot start with aws:.")
        if key in accepted:
            raise errors.validation(f"The tag key {key} occurs more than once.")
        accepted[key] = tag.get("Value", "")
    return accepted


def add(existing: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """AddTags: new values take the place of old ones with the same key."""
    merged = {**existing, **new}
    if len(merged) > LIMIT:
        raise errors.validation(f"A resource can have at most {LIMIT} tags, but this would make {len(merged)}.")
    return merged


def as_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as the API writes them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
