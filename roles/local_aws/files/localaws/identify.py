# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds out which operation of which service a request is, and reads its parameters.

Everything is driven by botocore's own models, through moto's router and parsers, so it holds for every
service and every protocol without a line about any of them.
"""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from localaws.protocol_errors import UNIDENTIFIED, Dialect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moto.core.model import OperationModel, ServiceModel

    Environ = Mapping[str, Any]

# The name in the signature is not always the service's name. In order of likelihood.
_SERVICES_BY_SIGNING_NAME: dict[str, tuple[str, ...]] = {
    "airflow": ("mwaa",),
    "apigateway": ("apigateway", "apigatewayv2"),
    "aps": ("amp",),
    "bedrock": ("bedrock", "bedrock-agent", "bedrock-runtime", "bedrock-agent-runtime"),
    "cassandra": ("keyspaces",),
    "cloudcontrolapi": ("cloudcontrol",),
    "dynamodb": ("dynamodb", "dynamodbstreams"),
    "elasticfilesystem": ("efs",),
    "elasticloadbalancing": ("elbv2", "elb"),
    "elasticmapreduce": ("emr",),
    "es": ("opensearch", "es"),
    "execute-api": ("apigatewaymanagementapi",),
    "forecast": ("forecast", "forecastquery"),
    "iotdata": ("iot-data",),
    "kinesisanalytics": ("kinesisanalyticsv2", "kinesisanalytics"),
    "lex": ("lexv2-models", "lexv2-runtime", "lex-models", "lex-runtime"),
    "mobiletargeting": ("pinpoint",),
    "monitoring": ("cloudwatch",),
    "rds": ("rds", "neptune", "docdb"),
    "s3": ("s3", "s3control"),
    "sagemaker": ("sagemaker", "sagemaker-runtime", "sagemaker-metrics", "sagemaker-featurestore-runtime"),
    "servicequotas": ("service-quotas",),
    "ses": ("sesv2", "ses"),
    "sso": ("sso-admin",),
    "states": ("stepfunctions",),
    "tagging": ("resourcegroupstaggingapi",),
    "timestream": ("timestream-write", "timestream-query"),
}
_READS = (
    "Get",
    "Describe",
    "List",
    "Head",
    "Lookup",
    "Search",
    "Select",
    "Query",
    "Scan",
    "Simulate",
    "Check",
    "Preview",
    "Validate",
    "Estimate",
    "BatchGet",
    "Encrypt",
    "Decrypt",
    "ReEncrypt",
    "Sign",
    "Verify",
    "Generate",
    "Filter",
    "Poll",
    "Receive",
)
_KEYS_MADE = ("GetFederationToken", "GetSessionToken")
_UNSIGNED_ACTIONS = {"AssumeRoleWithSAML": "sts", "AssumeRoleWithWebIdentity": "sts"}
_FORM = "application/x-www-form-urlencoded"
_UNKNOWN = "Unknown"

# moto caches models and routers but does not keep the first calls of a service from all reading the same megabytes.
_reading_models = threading.Lock()


@dataclass(frozen=True)
class Scope:
    """The credential scope: what a request's signature says about itself, before it is verified."""

    access_key: str
    date: str
    region: str
    signing_name: str


@dataclass(frozen=True)
class Call:
    """An identified call."""

    service: str  # botocore's name
    operation: str
    region: str
    access_key: str
    dialect: Dialect = UNIDENTIFIED
    model: OperationModel | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    unreadable: str | None = None  # why the input could not be parsed

    @property
    def is_known(self) -> bool:
        return self.model is not None

    @property
    def changes_state(self) -> bool:
        """Whether state may differ afterwards; what is unknown counts as a change."""
        return self.operation in _KEYS_MADE or not self.operation.startswith(_READS)

    @property
    def writes(self) -> bool:
        """Whether it changes a resource of the user's: taking temporary credentials does not."""
        return self.changes_state and self.service != "sts"


def scope_of(environ: Environ) -> Scope | None:
    """The credential scope from the Authorization header or a presigned query (SigV4, or S3's old SigV2)."""
    header = environ.get("HTTP_AUTHORIZATION", "")
    query = parse_qs(environ.get("QUERY_STRING", ""))
    if header.startswith("AWS4-"):
        credential = header.partition("Credential=")[2].partition(",")[0].strip()
    else:
        credential = query.get("X-Amz-Credential", [""])[0]
    parts = credential.rsplit("/", 4)
    if len(parts) == 5:
        return Scope(parts[0], parts[1], parts[2], parts[3].lower())
    if header.startswith("AWS "):
        return Scope(header[4:].partition(":")[0], "", "", "s3")
    if "AWSAccessKeyId" in query:
        return Scope(query["AWSAccessKeyId"][0], "", "", "s3")
    return None


def identify(environ: Environ, body: bytes, default_region: str) -> Call:
    """Which call this is. Never raises: what cannot be identified is a Call without a model."""
    scope = scope_of(environ) or _unsigned_scope(environ, body)
    region = scope.region or default_region
    unknown: Call | None = None
    for service in _candidates(scope.signing_name, environ):
        model = _service_model(service)
        if model is None:
            continue
        dialect = dialect_of(model, environ)
        found = _operation(service, model, dialect, environ, body)
        if found is not None:
            operation, uri_parameters = found
            parameters, unreadable = _parameters(operation, dialect, environ, body, uri_parameters)
            return Call(service, operation.name, region, scope.access_key, dialect, operation, parameters, unreadable)
        unknown = unknown or Call(service, _named_operation(environ, body), region, scope.access_key, dialect)
    return unknown or Call(scope.signing_name or _UNKNOWN, _named_operation(environ, body), region, scope.access_key)


def dialect_of(model: ServiceModel, environ: Environ) -> Dialect:
    """The protocol that this request uses: some services speak several, and answers must be in the same."""
    metadata = model.metadata
    offered = metadata.get("protocols") or [metadata["protocol"]]
    content_type = environ.get("CONTENT_TYPE", "")
    protocol = metadata["protocol"]
    if model.service_name != "s3" and len(offered) > 1:
        if environ.get("HTTP_X_AMZ_TARGET") and "json" in offered:
            protocol = "json"
        elif content_type.startswith(_FORM) and "query" in offered:
            protocol = "query"
    if protocol not in ("json", "rest-json", "query", "ec2", "rest-xml"):
        protocol = next((each for each in offered if each in ("json", "query", "rest-json")), "rest-json")
    return Dialect(
        protocol,
        model.service_name,
        json_version=str(metadata.get("jsonVersion", "1.1")),
        query_compatible="awsQueryCompatible" in metadata,
    )


def _unsigned_scope(environ: Environ, body: bytes) -> Scope:
    """Anonymous requests: two STS operations are meant to be unsigned, everything else can only be S3."""
    action = _form(environ, body).get("Action", [""])[0]
    signing_name = _UNSIGNED_ACTIONS.get(action, "")
    if not signing_name:
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        signing_name = target.partition(".")[0].lower() if target else "sts" if action else "s3"
    return Scope("", "", "", signing_name)


def _candidates(signing_name: str, environ: Environ) -> tuple[str, ...]:
    if signing_name == "s3" and environ.get("PATH_INFO", "").startswith("/v20180820/"):
        return ("s3control",)
    return _SERVICES_BY_SIGNING_NAME.get(signing_name, (signing_name,))


def _service_model(service: str) -> ServiceModel | None:
    from botocore.exceptions import DataNotFoundError
    from moto.core.utils import get_service_model

    try:
        with _reading_models:
            return get_service_model(service)
    except (DataNotFoundError, ValueError):
        return None


def _operation(
    service: str, model: ServiceModel, dialect: Dialect, environ: Environ, body: bytes
) -> tuple[OperationModel, dict[str, Any]] | None:
    from moto.core.routing import get_service_router
    from werkzeug.exceptions import HTTPException

    if dialect.protocol in ("query", "ec2"):
        version = _form(environ, body).get("Version", [model.api_version])[0]
        if version != model.api_version:
            return None
    if dialect.protocol == "json" and "." not in environ.get("HTTP_X_AMZ_TARGET", ""):
        return None
    with _reading_models:
        router = get_service_router(service)
    try:
        operation, parameters = router.match(_request(environ, body, dialect))
    except (HTTPException, NotImplementedError):
        return None
    return operation, parameters


def _request(environ: Environ, body: bytes, dialect: Dialect) -> Any:
    """A request object of moto's on a copy, whose body is only there for those who look into it."""
    from moto.core.request import Request

    readable = body if dialect.protocol in ("query", "ec2") else b""
    copy = {**environ, "wsgi.input": io.BytesIO(readable), "CONTENT_LENGTH": str(len(readable))}
    return Request(copy)


def _parameters(
    operation: OperationModel, dialect: Dialect, environ: Environ, body: bytes, uri_parameters: dict[str, Any]
) -> tuple[Mapping[str, Any], str | None]:
    from moto.core.parse import PROTOCOL_PARSERS, RequestParserError

    request = _request(environ, body, dialect)
    try:
        parsed = PROTOCOL_PARSERS[dialect.protocol](operation).parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": body,
                "url_path": request.path,
                "url_params": uri_parameters,
            }
        )
    except (RequestParserError, ValueError, TypeError, AttributeError, KeyError) as error:
        return {}, str(error)
    return parsed or {}, None


def _form(environ: Environ, body: bytes) -> dict[str, list[str]]:
    if not environ.get("CONTENT_TYPE", "").startswith(_FORM):
        return parse_qs(environ.get("QUERY_STRING", ""))
    return parse_qs(body.decode("utf-8", "replace"))


def _named_operation(environ: Environ, body: bytes) -> str:
    """What an unidentified request calls itself; the log shows it."""
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return str(target).rpartition(".")[2]
    action = _form(environ, body).get("Action")
    return action[0] if action else f"{environ.get('REQUEST_METHOD', '')} {environ.get('PATH_INFO', '')}"
