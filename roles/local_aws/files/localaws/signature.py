# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verifies signatures: SigV4 in the header or the query, and the old presigned form that boto3 still makes for S3.

Source: "Signature Version 4 signing process" in the IAM user guide, "Authenticating requests" in S3's.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote_plus, unquote_to_bytes, urlsplit

from localaws import credentials
from localaws.identify import scope_of
from localaws.instance import current
from localaws.protocol_errors import UNIDENTIFIED, Dialect, ServiceError, service_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from localaws.credentials import KnownKey, Principal

    Environ = Mapping[str, Any]

_ALGORITHM = "AWS4-HMAC-SHA256"
_LONGEST_LINK = 604800  # seconds: a week
_TIME = "%Y%m%dT%H%M%SZ"
_UNHASHED = ("UNSIGNED-PAYLOAD", "STREAMING-")
_VERSION_2_SUBRESOURCES = frozenset(
    (
        *("acl", "cors", "delete", "lifecycle", "location", "logging", "notification", "partNumber", "policy"),
        *("requestPayment", "restore", "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning"),
        *("versions", "website", "accelerate", "analytics", "inventory", "metrics", "replication", "select"),
        *("response-cache-control", "response-content-disposition", "response-content-encoding"),
        *("response-content-language", "response-content-type", "response-expires", "object-lock"),
    )
)


class _Links:
    """When presigned links expire by the movable clock, noted when they are first seen: they only carry a date."""

    _LIMIT = 10_000

    def __init__(self) -> None:
        self._expiry: dict[str, float] = {}

    def expiry(self, signature: str, otherwise: float) -> float:
        """The moment that was noted, or this one from now on."""
        if len(self._expiry) >= self._LIMIT:
            self._expiry.clear()
        return self._expiry.setdefault(signature, otherwise)


_LINKS = _Links()


class SignatureRejected(ServiceError):  # noqa: N818  # named after what happened, as AWS's codes are
    """The caller is not who it says, in the words of the service that was called."""


@dataclass(frozen=True)
class _Signature:
    """A SigV4 signature, wherever it was."""

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    moment: str
    token: str | None
    expires: int | None = None  # seconds; None: not presigned

    @property
    def scope(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


def authenticate(environ: Environ, body: bytes, dialect: Dialect = UNIDENTIFIED) -> Principal:
    """Who signed the request. With the check switched off, who it says signed it."""
    settings = current().settings
    scope = scope_of(environ)
    if scope is None:
        return _unsigned(environ, body, dialect)
    key = credentials.find(scope.access_key, settings)
    if not settings.signature_check:
        return key.principal if key else credentials.root(settings)
    if key is None or not key.is_active:
        raise _rejected("unknown_key", dialect, details={"AWSAccessKeyId": scope.access_key})
    if environ.get("HTTP_AUTHORIZATION", "").startswith("AWS ") or not scope.date:
        _check_version_2(environ, key, dialect)
    else:
        _check_version_4(environ, body, key, dialect)
    return key.principal


def _unsigned(environ: Environ, body: bytes, dialect: Dialect) -> Principal:
    settings = current().settings
    if environ.get("HTTP_AUTHORIZATION", "").startswith("AWS4-"):
        raise _rejected("incomplete_signature", dialect, "Authorization header requires 'Credential' parameter.")
    if not settings.signature_check:
        return credentials.root(settings)
    if dialect.service == "s3" or body.startswith(b"Action=AssumeRoleWith") or b"&Action=AssumeRoleWith" in body:
        return credentials.anonymous(settings.account_id)
    raise _rejected("unsigned", dialect)


def _rejected(
    situation: str, dialect: Dialect, message: str | None = None, details: Mapping[str, str] | None = None
) -> SignatureRejected:
    error = service_error(situation, dialect, message, details)
    return SignatureRejected(error.code, error.message, error.status, error.details)


def _check_version_4(environ: Environ, body: bytes, key: KnownKey, dialect: Dialect) -> None:
    presented = _presented(environ, dialect)
    _check_token(presented.token, key, dialect)
    _check_time(presented, dialect)
    body_hash = _body_hash(environ, body, presented, dialect)
    canonical = _canonical_request(environ, presented, body_hash)
    to_sign = "\n".join([_ALGORITHM, presented.moment, presented.scope, hashlib.sha256(canonical.encode()).hexdigest()])
    signing_key = _signing_key(key.credentials.secret_access_key, presented.date, presented.region, presented.service)
    expected = hmac.new(signing_key, to_sign.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, presented.signature):
        raise _rejected(
            "wrong_signature", dialect, details={"AWSAccessKeyId": presented.access_key, "StringToSign": to_sign}
        )


def _presented(environ: Environ, dialect: Dialect) -> _Signature:
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    header = environ.get("HTTP_AUTHORIZATION", "")
    if header:
        algorithm, _unused, rest = header.partition(" ")
        fields = {name.strip(): value for name, _unused, value in (part.partition("=") for part in rest.split(","))}
        moment = environ.get("HTTP_X_AMZ_DATE", "")
        token, expires = environ.get("HTTP_X_AMZ_SECURITY_TOKEN"), None
    else:
        algorithm = query.get("X-Amz-Algorithm", "")
        fields = {name.removeprefix("X-Amz-"): value for name, value in query.items() if name.startswith("X-Amz-")}
        moment = query.get("X-Amz-Date", "")
        token = query.get("X-Amz-Security-Token")
        expires = _expires(query.get("X-Amz-Expires", ""), dialect)
    missing = [name for name in ("Credential", "SignedHeaders", "Signature") if not fields.get(name)]
    if algorithm != _ALGORITHM or missing or not moment:
        raise _rejected(
            "incomplete_signature", dialect, f"The signature lacks {', '.join(missing) or 'its algorithm or date'}."
        )
    access_key, date, region, service, _unused = fields["Credential"].strip().rsplit("/", 4)
    headers = tuple(fields["SignedHeaders"].strip().split(";"))
    return _Signature(access_key, date, region, service, headers, fields["Signature"].strip(), moment, token, expires)


def _expires(text: str, dialect: Dialect) -> int | None:
    if not text and dialect.service != "s3":
        return None
    if not text.isdigit() or int(text) > _LONGEST_LINK:
        error = service_error("incomplete_signature", dialect)
        raise SignatureRejected(
            "AuthorizationQueryParametersError",
            "X-Amz-Expires must be a number of seconds, at most a week",
            error.status,
        )
    return int(text)


def _check_token(token: str | None, key: KnownKey, dialect: Dialect) -> None:
    if (token or None) != key.credentials.session_token:
        raise _rejected("wrong_token", dialect)
    if key.expiration is not None and key.expiration < current().clock.now():
        raise _rejected("expired_token", dialect)


def _check_time(presented: _Signature, dialect: Dialect) -> None:
    clock, allowed = current().clock, timedelta(seconds=current().settings.clock_skew_seconds)
    try:
        moment = datetime.strptime(presented.moment, _TIME).replace(tzinfo=timezone.utc)
    except ValueError:
        raise _rejected("incomplete_signature", dialect, "Date must be in ISO-8601 'basic format'.") from None
    # Clients know nothing of the moved clock. A header is made for now; a link may be older than a move.
    machine_now = datetime.fromtimestamp(clock.time() - clock.offset, timezone.utc)
    if presented.expires is not None:
        # A date has whole seconds: of a link made in the second of a move, take it that it came after.
        expires = clock.local(moment.timestamp() + 1) - 1 + presented.expires
        _check_link(_LINKS.expiry(presented.signature, expires), presented.expires, dialect)
        moment = max(moment, machine_now - allowed)
    if moment < machine_now - allowed:
        raise _rejected("skewed_clock", dialect, _skew("expired", moment, machine_now, dialect))
    if moment > machine_now + allowed:
        raise _rejected("skewed_clock", dialect, _skew("not yet current", moment, machine_now, dialect))


def _skew(what: str, moment: datetime, now: datetime, dialect: Dialect) -> str | None:
    if dialect.family in ("s3", "ec2"):
        return None
    relation = "now earlier" if what == "expired" else "still later"
    return f"Signature {what}: {moment:{_TIME}} is {relation} than {now:{_TIME}} ({now:{_TIME}} - 15 min.)"


def _check_link(expires: float, seconds: int, dialect: Dialect) -> None:
    now = current().clock.now()
    if now.timestamp() <= expires:
        return
    details = {
        "X-Amz-Expires": str(seconds),
        "Expires": f"{datetime.fromtimestamp(expires, timezone.utc):%Y-%m-%dT%H:%M:%SZ}",
        "ServerTime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
    }
    message = None if dialect.family in ("s3", "ec2") else "Signature expired"
    raise _rejected("expired_link", dialect, message, details)


def _body_hash(environ: Environ, body: bytes, presented: _Signature, dialect: Dialect) -> str:
    stated = environ.get("HTTP_X_AMZ_CONTENT_SHA256")
    if presented.expires is not None and dialect.service == "s3":
        return stated or "UNSIGNED-PAYLOAD"
    if stated and stated.startswith(_UNHASHED):
        return str(stated)
    computed = hashlib.sha256(body).hexdigest()
    if stated and stated != computed:
        raise _rejected("wrong_body_hash", dialect)
    return computed


def _canonical_request(environ: Environ, presented: _Signature, body_hash: str) -> str:
    headers = "".join(f"{name}:{_header(environ, name)}\n" for name in presented.signed_headers)
    return "\n".join(
        [
            environ["REQUEST_METHOD"],
            _canonical_path(raw_path(environ), presented.service),
            _canonical_query(environ.get("QUERY_STRING", "")),
            headers,
            ";".join(presented.signed_headers),
            body_hash,
        ]
    )


def raw_path(environ: Environ) -> str:
    """The path as it was sent: WSGI decodes it, and an encoded slash would be lost."""
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI") or quote(environ.get("PATH_INFO", "/"))
    path = urlsplit(raw).path if "://" in raw else raw.partition("?")[0]
    return path or "/"


def _canonical_path(path: str, service: str) -> str:
    if service in ("s3", "s3-outposts", "s3-object-lambda"):
        return quote(unquote_to_bytes(path), safe="/~")
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    normal = "/" + "/".join(parts) + ("/" if path.endswith("/") and parts else "")
    return quote(normal, safe="/~")


def _canonical_query(query: str) -> str:
    pairs: list[tuple[str, str]] = []
    for part in query.split("&"):
        name, _unused, value = part.partition("=")
        if part and name != "X-Amz-Signature":
            pairs.append((quote(unquote_plus(name), safe="-_.~"), quote(unquote_plus(value), safe="-_.~")))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _header(environ: Environ, name: str) -> str:
    key = name.upper().replace("-", "_")
    value = environ.get(key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}", "")
    return " ".join(str(value).split())


@lru_cache(maxsize=256)
def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _check_version_2(environ: Environ, key: KnownKey, dialect: Dialect) -> None:
    """S3's signature of 2006. boto3 still presigns with it when nobody asks for SigV4."""
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    expires = query.get("Expires", "")
    if environ.get("HTTP_AUTHORIZATION") or not expires.isdigit():
        message = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
        raise SignatureRejected("InvalidRequest", message, 400)
    _check_token(query.get("x-amz-security-token"), key, dialect)
    # It does not say when it was made: take it that this was now, unless it was seen before.
    _check_link(_LINKS.expiry(query.get("Signature", ""), int(expires) + current().clock.offset), 0, dialect)
    to_sign = _version_2_string(environ, query)
    digest = hmac.new(key.credentials.secret_access_key.encode(), to_sign.encode(), hashlib.sha1).digest()
    if not hmac.compare_digest(base64.b64encode(digest).decode(), query.get("Signature", "")):
        raise _rejected("wrong_signature", dialect, details={"StringToSign": to_sign})


def _version_2_string(environ: Environ, query: Mapping[str, str]) -> str:
    amazon_headers = sorted(
        (name[5:].lower().replace("_", "-"), str(value).strip())
        for name, value in environ.items()
        if name.startswith("HTTP_X_AMZ_")
    )
    token = query.get("x-amz-security-token")
    if token:
        amazon_headers = sorted([*amazon_headers, ("x-amz-security-token", token)])
    lines: Iterable[str] = [
        environ["REQUEST_METHOD"],
        environ.get("HTTP_CONTENT_MD5", ""),
        environ.get("CONTENT_TYPE", ""),
        query["Expires"],
        *(f"{name}:{value}" for name, value in amazon_headers),
    ]
    subresources = [
        f"{name}={value}" if value else name for name, value in sorted(query.items()) if name in _VERSION_2_SUBRESOURCES
    ]
    resource = raw_path(environ) + ("?" + "&".join(subresources) if subresources else "")
    return "\n".join([*lines, resource])
