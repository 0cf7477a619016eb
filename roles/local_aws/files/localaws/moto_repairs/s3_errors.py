# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""S3's errors with their statuses and texts. botocore's model declares hardly any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.protocol_errors import Dialect, ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

DIALECT = Dialect("rest-xml", "s3")

_KNOWN = {
    "AccessControlListNotSupported": (400, "The bucket does not allow ACLs"),
    "AccessDenied": (403, "Access Denied"),
    "BucketAlreadyExists": (
        409,
        (
            "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
            "Please select a different name and try again."
        ),
    ),
    "InvalidBucketAclWithObjectOwnership": (
        400,
        "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
    ),
    "InvalidTargetBucketForLogging": (400, "The target bucket for logging does not exist"),
    "MalformedXML": (400, "The XML you provided was not well-formed or did not validate against our published schema"),
    "NoSuchBucket": (404, "The specified bucket does not exist"),
    "NoSuchConfiguration": (404, "The specified configuration does not exist."),
    "NoSuchLifecycleConfiguration": (404, "The lifecycle configuration does not exist"),
    "NotImplemented": (501, "A header or query you provided requests functionality that is not implemented."),
    "OperationAborted": (
        409,
        "A conflicting conditional operation is currently in progress against this resource. Please try again.",
    ),
    "PermanentRedirect": (
        301,
        (
            "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all "
            "future requests to this endpoint."
        ),
    ),
    "ReplicationConfigurationNotFoundError": (404, "The replication configuration was not found"),
}


def s3_error(code: str, message: str | None = None, details: Mapping[str, str] | None = None) -> ServiceError:
    """An error of S3; only the texts that say something about the request need to be given."""
    status, text = _KNOWN.get(code, (400, ""))
    return ServiceError(code, message or text, status, details)
