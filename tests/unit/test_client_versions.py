# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The versions of a client that fit an MLflow."""

from __future__ import annotations

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _client_versions as versions
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

PAIRS = [
    ("2.13.2", False, ("mlflow==2.13.2", "mlflow-skinny==2.13.2", "sagemaker-mlflow>=0.1.0")),
    ("2.13", False, ("mlflow==2.13.2", "mlflow-skinny==2.13.2", "sagemaker-mlflow>=0.1.0")),
    ("2.16.2", False, ("mlflow==2.16.2", "mlflow-skinny==2.16.2", "sagemaker-mlflow>=0.1.0")),
    ("2.16.9", False, ("mlflow==2.16.2", "mlflow-skinny==2.16.2", "sagemaker-mlflow>=0.1.0")),
    ("3.0.0", False, ("mlflow==3.0.0", "mlflow-skinny==3.0.0", "sagemaker-mlflow>=0.1.0")),
    ("3.1.4", False, ("mlflow~=3.1.0", "mlflow-skinny~=3.1.0", "sagemaker-mlflow>=0.1.0")),
    ("3.4.0", True, ("mlflow~=3.4.0", "mlflow-skinny~=3.4.0", "sagemaker-mlflow>=0.3.0", "boto3>=1.42.1")),
    ("3.10.1", True, ("mlflow~=3.10.0", "mlflow-skinny~=3.10.0", "sagemaker-mlflow>=0.3.0", "boto3>=1.42.1")),
    ("3.0.0", True, ("mlflow==3.0.0", "mlflow-skinny==3.0.0", "sagemaker-mlflow>=0.2.0", "boto3>=1.42.1")),
    ("4.0.0", False, ("mlflow~=4.0.0", "mlflow-skinny~=4.0.0", "sagemaker-mlflow>=0.3.0")),
]


@pytest.mark.parametrize(("version", "is_app", "expected"), PAIRS)
def test_pair(version: str, is_app: bool, expected: tuple[str, ...]) -> None:
    assert versions.requirements(version, is_app) == expected


@pytest.mark.parametrize("version", [None, "", "latest", "3", "3.0.0.1", "3.0.0\n", "\u0663.\u0660"])
def test_no_version(version: str | None) -> None:
    with pytest.raises(MlflowError, match=r"(?s)mlflow_version: '.*' is not a version of MLflow, as in '3.0.0'"):
        versions.requirements(version, is_app=False)


@pytest.mark.parametrize(("version", "shown"), [(None, ""), ("", ""), ("three", "three")])
def test_what_is_no_version(version: str | None, shown: str) -> None:
    with pytest.raises(MlflowError) as refused:
        versions.requirements(version, is_app=False)
    assert refused.value.message == (
        f"mlflow_version: '{shown}' is not a version of MLflow, as in '3.0.0'. AWS tells it when the server or App is created: "
        "wait for that, and repeat this."
    )
