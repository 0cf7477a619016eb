# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is done about an old botocore, and about refusals, wherever tracking servers and Apps are looked for."""

from __future__ import annotations

import types
import typing as t

import pytest
from botocore.exceptions import ClientError

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _discovery as discovery
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import Clients
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError, is_denied
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app_info import MLFLOW_APPS
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server_info import TRACKING_SERVERS


@pytest.mark.parametrize("kind", [MLFLOW_APPS, TRACKING_SERVERS], ids=lambda kind: kind.name)
def test_a_botocore_that_knows_no_such_thing(kind: discovery.Kind) -> None:
    clients = Clients(lambda _service: types.SimpleNamespace())
    with pytest.raises(MlflowError, match=rf"does not know {kind.noun}s\. Install botocore 1\.42\.62 or newer"):
        discovery.find_all(clients, discovery.Question(kind))


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "ListMlflowApps")


def in_words(cause: Exception | None) -> MlflowError:
    error = MlflowError("Failed while listing")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (refusal("AccessDeniedException"), True),
        (refusal("ThrottlingException"), False),
        (in_words(refusal("AccessDenied")), True),
        (in_words(refusal("ValidationException")), False),
        (in_words(None), False),
        (None, False),
    ],
)
def test_what_is_denied(error: t.Any, expected: bool) -> None:
    assert is_denied(error) is expected
