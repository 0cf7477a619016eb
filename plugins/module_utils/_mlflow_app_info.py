# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Which MLflow Apps there are."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _discovery as discovery
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app import (
    DEFAULT_STATUSES,
    checked_domain_id,
    described,
    from_aws,
)

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule

STATUSES = (*sagemaker.STATUSES, discovery.DELETED)

MLFLOW_APPS = discovery.Kind(
    name="app",
    noun="MLflow App",
    lister="list_mlflow_apps",
    summaries="Summaries",
    describer="describe_mlflow_app",
    identity="Arn",
    name_field="Name",
    arn_field="Arn",
    status_field="Status",
    filters={
        "created_after": "CreatedAfter",
        "created_before": "CreatedBefore",
        "status": "Status",
        "default_for_domain_id": "DefaultForDomainId",
        "account_default": "AccountDefaultStatus",
        "sort_by": "SortBy",
        "sort_order": "SortOrder",
    },
    returned=lambda answer, tags: described(from_aws(answer, tags)),
)


def question_from_parameters(parameters: Mapping[str, t.Any]) -> discovery.Question:
    """The module's options as a question. Raises MlflowError for what AWS would refuse."""
    question = discovery.question_from_parameters(MLFLOW_APPS, parameters)
    filters = dict(question.filters)
    if "DefaultForDomainId" in filters:
        checked_domain_id("default_for_domain_id", filters["DefaultForDomainId"])
    if "AccountDefaultStatus" in filters:
        filters["AccountDefaultStatus"] = DEFAULT_STATUSES[filters["AccountDefaultStatus"]]
    # Whoever asks for the status of what is gone asks for what is gone.
    include_deleted = parameters["include_deleted"] or parameters.get("status") == discovery.DELETED
    return replace(question, filters=filters, include_deleted=include_deleted)


def checked_arn(option: str, value: str, region: str) -> str:
    """The ARN of an App in this region."""
    if sagemaker.mlflow_arn(option, value, region)["kind"] != "app":
        raise MlflowError(
            f"{option}: '{value}' is a tracking server, not an MLflow App: ask sagemaker_mlflow_server_info about it."
        )
    return value


def mlflow_apps(module: AwsModule, _check_mode: bool) -> dict[str, t.Any]:
    """The module's result."""
    question = question_from_parameters(module.params)
    region = sagemaker.checked_region(module.region)
    if module.params["arn"] is not None:
        arn = checked_arn("arn", module.params["arn"], region)
        return {"mlflow_apps": discovery.find_one(module.clients, question, arn)}
    (found,) = discovery.find_all(module.clients, question)
    return {"mlflow_apps": found}
