# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What can go wrong, in words: the one exception of the collection and the reading of botocore's."""

from __future__ import annotations

import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _limits as limits

if t.TYPE_CHECKING:
    from collections.abc import Collection

NEXT_STEPS: dict[str, str] = {
    "AccessDenied": "Allow the action named above to the caller (aws sts get-caller-identity shows who that is).",
    "ExpiredToken": "The credentials have expired: sign in again (for example aws sso login) and repeat the run.",
    "InvalidCredentials": "The access key is unknown or does not match its secret key: check AWS_PROFILE or AWS_ACCESS_KEY_ID.",
    "Throttling": f"AWS still throttled the call at the last of {limits.THROTTLED_ATTEMPTS} attempts: wait a minute, or lower the "
    "number of forks, and repeat the run.",
    "Unavailable": f"AWS answered with an internal error at the last of {limits.ATTEMPTS} attempts: see https://health.aws.amazon.com and repeat the run.",
    "Clock": "The clock of the machine that ran this differs from AWS's: set it, and repeat the run.",
    "NoCredentials": "Sign in first: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run aws sso login.",
    "NoRegion": "Set the option region, or AWS_REGION.",
    "Quota": "A quota of the account is used up: delete what is not needed, or ask for more (Service Quotas in the AWS console), and repeat the run.",
    "Busy": "Another change of it is in progress: let that end (CloudTrail names its caller), and repeat the run.",
    "Malformed": "The answer did not arrive whole, and whether the call was carried out is unknown: repeat the run, which looks first.",
    "Unreachable": f"So ended the last of {limits.ATTEMPTS} attempts, each with {limits.CONNECT_TIMEOUT} s to connect and {limits.READ_TIMEOUT} s for "
    "the answer. Check the region's name, the network, and AWS_ENDPOINT_URL when it is set.",
}

_KINDS: dict[str, str] = {
    "AccessDenied": "AccessDenied",
    "AccessDeniedException": "AccessDenied",
    "AllAccessDisabled": "AccessDenied",
    "UnauthorizedOperation": "AccessDenied",
    "403": "AccessDenied",
    "ExpiredToken": "ExpiredToken",
    "ExpiredTokenException": "ExpiredToken",
    "InvalidToken": "ExpiredToken",
    "TokenRefreshRequired": "ExpiredToken",
    "RequestExpired": "Clock",
    "RequestTimeTooSkewed": "Clock",
    "InvalidClientTokenId": "InvalidCredentials",
    "InvalidAccessKeyId": "InvalidCredentials",
    "SignatureDoesNotMatch": "InvalidCredentials",
    "UnrecognizedClientException": "InvalidCredentials",
    "InvalidSignatureException": "InvalidCredentials",
    "Throttling": "Throttling",
    "ThrottlingException": "Throttling",
    "RequestLimitExceeded": "Throttling",
    "SlowDown": "Throttling",
    "TooManyRequestsException": "Throttling",
    "RequestThrottled": "Throttling",
    "RequestThrottledException": "Throttling",
    "ThrottledException": "Throttling",
    "EC2ThrottledException": "Throttling",
    "OperationAborted": "Busy",
    "LimitExceeded": "Quota",
    "LimitExceededException": "Quota",
    "ResourceLimitExceeded": "Quota",
    "ServiceQuotaExceededException": "Quota",
    "InternalError": "Unavailable",
    "InternalFailure": "Unavailable",
    "InternalServerError": "Unavailable",
    "ServiceUnavailable": "Unavailable",
    "ServiceUnavailableException": "Unavailable",
    "500": "Unavailable",
    "503": "Unavailable",
    "NoCredentialsError": "NoCredentials",
    "PartialCredentialsError": "NoCredentials",
    "TokenRetrievalError": "ExpiredToken",
    "SSOTokenLoadError": "ExpiredToken",
    "UnauthorizedSSOTokenError": "ExpiredToken",
    "CredentialRetrievalError": "ExpiredToken",
    "NoRegionError": "NoRegion",
    "EndpointConnectionError": "Unreachable",
    "ProxyConnectionError": "Unreachable",
    "SSLError": "Unreachable",
    "ConnectTimeoutError": "Unreachable",
    "ReadTimeoutError": "Unreachable",
    "ConnectionClosedError": "Unreachable",
    "ResponseParserError": "Malformed",
}


class MlflowError(Exception):
    """A failure that the user can act on.

    :param message: what is wrong, where, and what to do next.
    :param details: further keys of the module's failure result (plain data, no secrets).
    """

    def __init__(self, message: str, **details: t.Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


def error_code(error: BaseException) -> str:
    """AWS's error code of a botocore ClientError, else the exception's class name."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        return str(response.get("Error", {}).get("Code", ""))
    return type(error).__name__


def error_message(error: BaseException) -> str:
    """AWS's own words for a botocore ClientError, else the exception's text."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        return str(response.get("Error", {}).get("Message") or error)
    # botocore shows what it could not read, which may be half of a secret, from the second line on.
    return str(error).partition("\n")[0]


def is_error(error: BaseException, codes: Collection[str], text: str = "") -> bool:
    """Whether AWS answered with one of these codes and with this text in its message."""
    return error_code(error) in codes and text.casefold() in error_message(error).casefold()


def is_passing(error: BaseException) -> bool:
    """Whether the failure may pass by itself: throttled, an internal error, a lost connection or a part of an answer.

    Whether AWS carried the call out all the same, nobody knows.
    """
    response = getattr(error, "response", None)  # of a lost connection None, although it is an attribute
    answer = response if isinstance(response, dict) else {}
    status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return status >= 500 or _KINDS.get(error_code(error)) in ("Throttling", "Unavailable", "Unreachable", "Malformed")


def is_throttled(error: BaseException) -> bool:
    """Whether AWS refused the call because there were too many; it did not carry it out."""
    return is_throttling(error_code(error))


def attempts_at(error: BaseException) -> int:
    """How often a call is made that ends like this and may pass by itself."""
    return limits.THROTTLED_ATTEMPTS if is_throttled(error) else limits.ATTEMPTS


def is_throttling(code: str) -> bool:
    """Whether this error code of AWS's says so."""
    return _KINDS.get(code) == "Throttling"


def explain(error: BaseException, doing: str, otherwise: str = "") -> str:
    """One readable sentence for a botocore error, with the next step where there is one.

    :param error: a ClientError or any other BotoCoreError.
    :param doing: what was being done, as in "creating the role 'mlflow-staging-mlflow-role'".
    :param otherwise: the next step when there is none for the kind of error.
    """
    code = error_code(error)
    operation = getattr(error, "operation_name", "")
    where = f" ({operation})" if operation else ""
    next_step = NEXT_STEPS.get(_kind_of(error), otherwise)
    return (
        f"Failed while {doing}{where}: {code}: {error_message(error)}".rstrip(". ") + ". " * bool(next_step) + next_step
    )


def _kind_of(error: BaseException) -> str:
    """The key of its next step. An error without a code is a part of an answer; answers to Head requests never have one."""
    code = error_code(error)
    is_part = code.isdigit() and not getattr(error, "operation_name", "Head").startswith("Head")
    return _KINDS.get(code, "Malformed" if is_part else "")


def is_denied(error: BaseException | None) -> bool:
    """Whether AWS refused the call for want of a permission; a failure in words is judged by its cause."""
    cause = error.__cause__ if isinstance(error, MlflowError) else error
    return cause is not None and _KINDS.get(error_code(cause)) == "AccessDenied"
