# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that no AWS client sends on purpose."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from local_callers import refused

if TYPE_CHECKING:
    from local_callers import LocalAws


def send(local_aws: LocalAws, request: str) -> bytes:
    """Send bytes as they are, end the sending, and return what comes back."""
    host, port = urlsplit(local_aws.endpoint).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(request.replace("\n", "\r\n").encode())
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    "rest",
    [
        "Content-Length: many\n\n",
        "Content-Length: -5\n\n12345",
        "Content-Length: 9\n\n12345",
        "Transfer-Encoding: chunked\n\nzz\n12345\n",
        "Transfer-Encoding: chunked\n\n5\n12345\n",
    ],
)
def test_a_body_that_is_not_what_it_says(local_aws: LocalAws, rest: str) -> None:
    answer = send(local_aws, f"POST / HTTP/1.1\nHost: 127.0.0.1\n{rest}")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"IncompleteBody" in answer


def test_an_upload_that_breaks_off_leaves_no_object(local_aws: LocalAws) -> None:
    """A presigned upload has no hash that would tell."""
    s3 = local_aws.client("s3")
    s3.create_bucket(Bucket="models")
    url = urlsplit(s3.generate_presigned_url("put_object", Params={"Bucket": "models", "Key": "half"}))
    start = f"PUT {url.path}?{url.query} HTTP/1.1\nHost: {url.netloc}\nContent-Length: "
    assert send(local_aws, f"{start}10\n\n12345").startswith(b"HTTP/1.1 400 ")
    assert refused(lambda: s3.head_object(Bucket="models", Key="half"))[1] == 404
    assert send(local_aws, f"{start}5\n\n12345").startswith(b"HTTP/1.1 200 ")
    assert s3.get_object(Bucket="models", Key="half")["Body"].read() == b"12345"
