# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command C(aws), as far as the documentation uses it: its syntax judged by botocore's models, its calls made by boto3.

The AWS CLI itself cannot be among the test's requirements: it pins a docutils that other tools refuse.
Run with C(--check-only) as the first argument it makes no call, only judges.
"""

from __future__ import annotations

import json
import sys
import typing as t
from urllib.parse import urlsplit

import boto3
import jmespath  # type: ignore[import-untyped]  # it has no type information
from botocore import xform_name
from botocore.validate import ParamValidator

GLOBAL = {"query"}


def main(arguments: list[str]) -> int:
    """One command line."""
    check_only = arguments[:1] == ["--check-only"]
    service, operation, *rest = arguments[1:] if check_only else arguments
    if (service, operation) == ("s3", "ls"):
        (address,) = rest
        service, operation, rest = "s3api", "list-objects-v2", ["--bucket", urlsplit(address).netloc]
    client = boto3.client(
        "s3" if service == "s3api" else service,  # type: ignore[call-overload]  # the service is a variable here
        **({"region_name": "us-east-1"} if check_only else {}),
    )
    method = operation.replace("-", "_")
    shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method]).input_shape
    options = dict(zip(rest[::2], rest[1::2], strict=True))
    given = {name.removeprefix("--"): value for name, value in options.items()}
    members = {xform_name(name, "-"): name for name in shape.members} if shape else {}
    parameters = {
        members[name]: _value(shape.members[members[name]], value)
        for name, value in given.items()
        if name not in GLOBAL
    }
    if shape is not None and (errors := ParamValidator().validate(parameters, shape)).has_errors():
        raise ValueError(errors.generate_report())
    if check_only:
        return 0
    answer = getattr(client, method)(**parameters)
    answer.pop("ResponseMetadata")
    print(json.dumps(jmespath.search(given.get("query", "@"), answer), indent=4, default=str))
    return 0


def _value(shape: t.Any, text: str) -> t.Any:
    """A value as the CLI reads it: JSON, its shorthand for a list of structures, a list or a text."""
    if text[:1] in "[{":
        return json.loads(text)
    if shape.type_name == "structure":
        return dict(pair.split("=", 1) for pair in text.split(","))
    if shape.type_name == "list":
        return [_value(shape.member, text)]
    return text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
