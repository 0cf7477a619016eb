# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A refusal of AWS comes with the next step, where there is one."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ProxyConnectionError, SSLError

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import explain

STEPS = {
    "AccessDenied": "Allow the action named above",
    "AccessDeniedException": "Allow the action named above",
    "ExpiredToken": "sign in again",
    "ExpiredTokenException": "sign in again",
    "InvalidToken": "sign in again",
    "TokenRefreshRequired": "sign in again",
    "RequestExpired": "clock",
    "RequestTimeTooSkewed": "clock",
    "InvalidClientTokenId": "check AWS_PROFILE",
    "InvalidSignatureException": "check AWS_PROFILE",
    "ThrottlingException": "wait a minute",
    "SlowDown": "wait a minute",
    "InternalFailure": "https://health.aws.amazon.com",
}


@pytest.mark.parametrize(("code", "words"), STEPS.items())
def test_the_next_step_of_a_code(code: str, words: str) -> None:
    error = ClientError({"Error": {"Code": code, "Message": "no."}}, "GetRole")
    text = explain(error, "reading the role 'r'")
    assert text.startswith(f"Failed while reading the role 'r' (GetRole): {code}: no. ")
    assert words in text


@pytest.mark.parametrize("error", [EndpointConnectionError, ProxyConnectionError, SSLError])
def test_the_next_step_when_aws_cannot_be_reached(error: type[EndpointConnectionError]) -> None:
    raised = error(endpoint_url="https://x", proxy_url="http://y", error="z")
    assert "AWS_ENDPOINT_URL" in explain(raised, "reading")


def test_a_code_without_a_next_step_stands_alone() -> None:
    error = ClientError({"Error": {"Code": "MalformedPolicyDocument", "Message": "bad."}}, "PutRolePolicy")
    assert explain(error, "x") == "Failed while x (PutRolePolicy): MalformedPolicyDocument: bad"
