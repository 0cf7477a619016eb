# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors in the protocol of the service that was called.

botocore decides by protocol where it reads the code from, and by code and status whether it retries: an
error in another protocol's clothes would test retries that never happen on AWS.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Mapping


class ServiceError(Exception):
    """An error that AWS would answer; ``details`` become elements of an XML answer."""

    def __init__(self, code: str, message: str, status: int = 400, details: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.details = dict(details or {})


@dataclass(frozen=True)
class Dialect:
    """What decides how an error looks: the protocol, and the few services that differ from it."""

    protocol: str  # json, rest-json, query, ec2, rest-xml
    service: str = ""
    json_version: str = "1.1"
    query_compatible: bool = False

    @property
    def family(self) -> str:
        """The column of the error tables: S3 has its own codes."""
        return "s3" if self.service == "s3" else self.protocol


UNIDENTIFIED = Dialect("rest-json")


@dataclass(frozen=True)
class Answer:
    """A complete HTTP answer."""

    status: int
    body: bytes
    headers: list[tuple[str, str]] = field(default_factory=list)


class _Wording(NamedTuple):
    code: str
    status: int
    message: str


_INVALID_TOKEN = "The security token included in the request is invalid."
_WRONG_SIGNATURE = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
    "Key and signing method. Consult the service documentation for details."
)
_S3_WRONG_SIGNATURE = (
    "The request signature we calculated does not match the signature you provided. Check your key and signing method."
)
_EC2_UNAUTHENTICATED = _Wording("AuthFailure", 401, "AWS was not able to validate the provided access credentials")

# One row a situation, one column a family. Sources: "Common errors" of the services' API references.
_WORDINGS: dict[str, dict[str, _Wording]] = {
    "access_denied": {
        "json": _Wording("AccessDeniedException", 400, ""),
        "rest-json": _Wording("AccessDeniedException", 403, ""),
        "query": _Wording("AccessDenied", 403, ""),
        "ec2": _Wording("UnauthorizedOperation", 403, ""),
        "rest-xml": _Wording("AccessDenied", 403, ""),
        "s3": _Wording("AccessDenied", 403, "Access Denied"),
    },
    "throttled": {
        "json": _Wording("ThrottlingException", 400, "Rate exceeded"),
        "rest-json": _Wording("ThrottlingException", 429, "Rate exceeded"),
        "query": _Wording("Throttling", 400, "Rate exceeded"),
        "ec2": _Wording("RequestLimitExceeded", 503, "Request limit exceeded."),
        "rest-xml": _Wording("Throttling", 400, "Rate exceeded"),
        "s3": _Wording("SlowDown", 503, "Please reduce your request rate."),
    },
    "unknown_key": {
        "json": _Wording("UnrecognizedClientException", 400, _INVALID_TOKEN),
        "rest-json": _Wording("UnrecognizedClientException", 403, _INVALID_TOKEN),
        "query": _Wording("InvalidClientTokenId", 403, _INVALID_TOKEN),
        "ec2": _EC2_UNAUTHENTICATED,
        "rest-xml": _Wording("InvalidClientTokenId", 403, _INVALID_TOKEN),
        "s3": _Wording("InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records."),
    },
    "wrong_token": {
        "json": _Wording("UnrecognizedClientException", 400, _INVALID_TOKEN),
        "rest-json": _Wording("UnrecognizedClientException", 403, _INVALID_TOKEN),
        "query": _Wording("InvalidClientTokenId", 403, _INVALID_TOKEN),
        "ec2": _EC2_UNAUTHENTICATED,
        "rest-xml": _Wording("InvalidClientTokenId", 403, _INVALID_TOKEN),
        "s3": _Wording("InvalidToken", 400, "The provided token is malformed or otherwise invalid."),
    },
    "expired_token": {
        "json": _Wording("ExpiredTokenException", 400, "The security token included in the request is expired"),
        "rest-json": _Wording("ExpiredTokenException", 403, "The security token included in the request is expired"),
        "query": _Wording("ExpiredToken", 403, "The security token included in the request is expired"),
        "ec2": _Wording("RequestExpired", 400, "Request has expired."),
        "rest-xml": _Wording("ExpiredToken", 403, "The security token included in the request is expired"),
        "s3": _Wording("ExpiredToken", 400, "The provided token has expired."),
    },
    "wrong_signature": {
        "json": _Wording("InvalidSignatureException", 403, _WRONG_SIGNATURE),
        "rest-json": _Wording("InvalidSignatureException", 403, _WRONG_SIGNATURE),
        "query": _Wording("SignatureDoesNotMatch", 403, _WRONG_SIGNATURE),
        "ec2": _EC2_UNAUTHENTICATED,
        "rest-xml": _Wording("SignatureDoesNotMatch", 403, _WRONG_SIGNATURE),
        "s3": _Wording("SignatureDoesNotMatch", 403, _S3_WRONG_SIGNATURE),
    },
    "skewed_clock": {
        "json": _Wording("InvalidSignatureException", 403, ""),
        "rest-json": _Wording("InvalidSignatureException", 403, ""),
        "query": _Wording("SignatureDoesNotMatch", 403, ""),
        "ec2": _Wording("RequestExpired", 400, "Request has expired."),
        "rest-xml": _Wording("SignatureDoesNotMatch", 403, ""),
        "s3": _Wording(
            "RequestTimeTooSkewed", 403, "The difference between the request time and the current time is too large."
        ),
    },
    "expired_link": {
        "json": _Wording("InvalidSignatureException", 403, ""),
        "rest-json": _Wording("InvalidSignatureException", 403, ""),
        "query": _Wording("SignatureDoesNotMatch", 403, ""),
        "ec2": _Wording("RequestExpired", 400, "Request has expired."),
        "rest-xml": _Wording("SignatureDoesNotMatch", 403, ""),
        "s3": _Wording("AccessDenied", 403, "Request has expired"),
    },
    "unsigned": {
        "json": _Wording("MissingAuthenticationTokenException", 400, "Missing Authentication Token"),
        "rest-json": _Wording("MissingAuthenticationTokenException", 403, "Missing Authentication Token"),
        "query": _Wording("MissingAuthenticationToken", 403, "Request is missing Authentication Token"),
        "ec2": _Wording("MissingParameter", 400, "The request must contain the parameter AWSAccessKeyId"),
        "rest-xml": _Wording("MissingAuthenticationToken", 403, "Request is missing Authentication Token"),
        "s3": _Wording("AccessDenied", 403, "Access Denied"),
    },
    "incomplete_signature": {
        "json": _Wording("IncompleteSignatureException", 400, ""),
        "rest-json": _Wording("IncompleteSignatureException", 403, ""),
        "query": _Wording("IncompleteSignature", 400, ""),
        "ec2": _EC2_UNAUTHENTICATED,
        "rest-xml": _Wording("IncompleteSignature", 400, ""),
        "s3": _Wording("AuthorizationHeaderMalformed", 400, ""),
    },
    "wrong_body_hash": {
        "json": _Wording("InvalidSignatureException", 403, _WRONG_SIGNATURE),
        "rest-json": _Wording("InvalidSignatureException", 403, _WRONG_SIGNATURE),
        "query": _Wording("SignatureDoesNotMatch", 403, _WRONG_SIGNATURE),
        "ec2": _EC2_UNAUTHENTICATED,
        "rest-xml": _Wording("SignatureDoesNotMatch", 403, _WRONG_SIGNATURE),
        "s3": _Wording(
            "XAmzContentSHA256Mismatch",
            400,
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        ),
    },
    "invalid_input": {
        "json": _Wording("ValidationException", 400, ""),
        "rest-json": _Wording("ValidationException", 400, ""),
        "query": _Wording("ValidationError", 400, ""),
        "ec2": _Wording("InvalidParameterValue", 400, ""),
        "rest-xml": _Wording("InvalidArgument", 400, ""),
        "s3": _Wording("MalformedXML", 400, ""),
    },
    "unreadable_input": {
        "json": _Wording("SerializationException", 400, ""),
        "rest-json": _Wording("SerializationException", 400, ""),
        "query": _Wording("MalformedInput", 400, ""),
        "ec2": _Wording("InvalidParameterValue", 400, ""),
        "rest-xml": _Wording("MalformedXML", 400, ""),
        "s3": _Wording(
            "MalformedXML",
            400,
            "The XML you provided was not well-formed or did not validate against our published schema",
        ),
    },
    "unknown_operation": {
        "json": _Wording("UnknownOperationException", 400, ""),
        "rest-json": _Wording("UnknownOperationException", 404, ""),
        "query": _Wording("InvalidAction", 400, ""),
        "ec2": _Wording("InvalidAction", 400, ""),
        "rest-xml": _Wording("MethodNotAllowed", 405, ""),
        "s3": _Wording("MethodNotAllowed", 405, "The specified method is not allowed against this resource."),
    },
    # No answer of AWS's: a 501 that no SDK retries tells that the local AWS ends here.
    "not_implemented": {
        "json": _Wording("NotImplementedException", 501, ""),
        "rest-json": _Wording("NotImplementedException", 501, ""),
        "query": _Wording("NotImplemented", 501, ""),
        "ec2": _Wording("NotImplemented", 501, ""),
        "rest-xml": _Wording("NotImplemented", 501, ""),
        "s3": _Wording("NotImplemented", 501, ""),
    },
    "internal": {
        "json": _Wording("InternalFailure", 500, ""),
        "rest-json": _Wording("InternalFailure", 500, ""),
        "query": _Wording("InternalFailure", 500, ""),
        "ec2": _Wording("InternalError", 500, ""),
        "rest-xml": _Wording("InternalError", 500, ""),
        "s3": _Wording("InternalError", 500, ""),
    },
}


def service_error(
    situation: str, dialect: Dialect, message: str | None = None, details: Mapping[str, str] | None = None
) -> ServiceError:
    """The error of a situation as this service words it."""
    wording = _WORDINGS[situation][dialect.family]
    return ServiceError(wording.code, message or wording.message, wording.status, details)


def render(error: ServiceError, dialect: Dialect, method: str = "POST") -> Answer:
    """Serialise an error. HEAD answers have no body: clients then see only the status, as on AWS."""
    request_id = str(uuid.uuid4())
    serialise = {
        "json": _json,
        "rest-json": _rest_json,
        "query": _query_xml,
        "ec2": _ec2_xml,
        "rest-xml": _s3_xml if dialect.service == "s3" else _query_xml,
    }[dialect.protocol]
    content_type, body, extra = serialise(error, dialect, request_id)
    headers = [("Content-Type", content_type), ("x-amzn-RequestId", request_id), *extra]
    if dialect.service == "s3":
        headers.append(("x-amz-request-id", request_id))
    return Answer(error.status, b"" if method == "HEAD" else body.encode(), headers)


_Serialised = tuple[str, str, list[tuple[str, str]]]


def _json(error: ServiceError, dialect: Dialect, _request_id: str) -> _Serialised:
    body = json.dumps({"__type": error.code, "message": error.message, "Message": error.message})
    # Services that spoke the query protocol before keep its codes in this header, and SDKs prefer it.
    extra = [("x-amzn-query-error", f"{error.code};{_fault(error)}")] if dialect.query_compatible else []
    return f"application/x-amz-json-{dialect.json_version}", body, extra


def _rest_json(error: ServiceError, _dialect: Dialect, _request_id: str) -> _Serialised:
    body = json.dumps({"message": error.message, "code": error.code})
    return "application/json", body, [("x-amzn-ErrorType", error.code)]


def _query_xml(error: ServiceError, _dialect: Dialect, request_id: str) -> _Serialised:
    body = (
        f"<ErrorResponse><Error><Type>{_fault(error)}</Type>{_code_and_message(error)}</Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    return "text/xml", body, []


def _ec2_xml(error: ServiceError, _dialect: Dialect, request_id: str) -> _Serialised:
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>{_code_and_message(error)}</Error></Errors>'
        f"<RequestID>{request_id}</RequestID></Response>"
    )
    return "text/xml;charset=UTF-8", body, []


def _s3_xml(error: ServiceError, _dialect: Dialect, request_id: str) -> _Serialised:
    details = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in error.details.items())
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{_code_and_message(error)}{details}'
        f"<RequestId>{request_id}</RequestId><HostId>localaws</HostId></Error>"
    )
    return "application/xml", body, []


def _code_and_message(error: ServiceError) -> str:
    return f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"


def _fault(error: ServiceError) -> str:
    return "Sender" if error.status < 500 else "Receiver"
