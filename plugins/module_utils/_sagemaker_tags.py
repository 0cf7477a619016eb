# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The one edge to SageMaker's tag operations, for tracking servers and MLflow Apps alike."""

from __future__ import annotations

import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tags as tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call, Change

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import Clients

ADD = "add_tags"
REMOVE = "delete_tags"


def read_tags(clients: Clients, arn: str) -> dict[str, str]:
    """All tags of a resource."""
    pages = clients["sagemaker"].get_paginator("list_tags").paginate(ResourceArn=arn)
    return tags.from_aws(tag for page in pages for tag in page["Tags"])


def tag_changes(arn: str, present: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    """The calls that bring the tags from what is to what is wished: one to add, one to remove."""
    changes = []
    added = tags.to_set(present, after)
    if added:
        before = {key: present[key] for key in added if key in present}
        call = Call("sagemaker", ADD, {"ResourceArn": arn, "Tags": tags.to_aws(added)})
        changes.append(Change("tags", before, added, call))
    removed = tags.to_remove(present, after)
    if removed:
        before = {key: present[key] for key in removed}
        call = Call("sagemaker", REMOVE, {"ResourceArn": arn, "TagKeys": removed})
        changes.append(Change("tags", before, {}, call))
    return changes
