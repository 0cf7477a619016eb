# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a name to a tracking URI, and what is said when that is not clear."""

from __future__ import annotations

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tracking_uri as uri
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app_info import MLFLOW_APPS, STATUSES
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server_info import TRACKING_SERVERS


def server(name: str, status: str = "Stopped") -> uri.Named:
    return uri.Named(TRACKING_SERVERS, name, f"arn:server/{name}", status)


def app(name: str, status: str = "Created", end: str = "1") -> uri.Named:
    return uri.Named(MLFLOW_APPS, name, f"arn:app/{end}", status)


def failure(name: str, *there: uri.Named, kind: str = "any") -> str:
    with pytest.raises(MlflowError) as caught:
        uri.tracking_uri(name, there, uri.KINDS[kind])
    return caught.value.message


@pytest.mark.parametrize("status", sorted(set(STATUSES) - set(uri.UNUSABLE)))
def test_the_only_usable_one(status: str) -> None:
    there = [
        server("a", "Deleting"),
        app("a", "Deleted", "0"),
        app("a", "CreateFailed", "2"),
        app("a", status),
        server("b"),
    ]
    assert uri.tracking_uri("a", there, uri.KINDS["any"]) == "arn:app/1"


@pytest.mark.parametrize("status", uri.UNUSABLE)
def test_what_nobody_can_use_is_named(status: str) -> None:
    assert failure("a", app("a", status)) == (
        f"There is no tracking server and no MLflow App with the name 'a'. The MLflow App arn:app/1 has the status {status}. "
        "There are none with another name either."
    )


def test_more_than_one() -> None:
    assert failure("a", server("a"), app("a")) == (
        "The name 'a' is that of more than one: tracking server arn:server/a, MLflow App arn:app/1. "
        "Say which, with kind=app or kind=tracking_server."
    )
    assert failure("a", app("a"), app("a", end="2")).endswith(
        "Rename or delete one, or write the ARN in place of this lookup."
    )
    assert failure("a", app("a"), app("a", end="2"), server("a")).endswith("Say which, with kind=tracking_server.")


@pytest.mark.parametrize(
    ("others", "end"),
    [
        ([], "There are none with another name either."),
        (["mlflow-prod", "mlflow-dev"], "Did you mean mlflow-prod or mlflow-dev?"),
        (["x", "y"], "What there is: x, y."),
        (list("uvwxyz"), "What there is: u, v, w, x, y and 1 more."),
    ],
)
def test_near_names(others: list[str], end: str) -> None:
    assert failure("mlflow-prd", *(server(name) for name in others), kind="tracking_server") == (
        f"There is no tracking server with the name 'mlflow-prd'. {end}"
    )
