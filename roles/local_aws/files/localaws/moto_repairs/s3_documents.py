# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sub-resources of buckets that moto loses, mangles or takes for the bucket itself.

A document is kept as it was written and read back from botocore's model, so that no field can get lost:
moto forgets C(NewerNoncurrentVersions), C(ObjectSizeGreaterThan), C(TargetObjectKeyFormat), EventBridge
notifications, request payment and more, and it *deletes the bucket* on C(DELETE /bucket?metrics).
"""

from __future__ import annotations

import copy
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.core.utils import get_service_model
from moto.s3.models import s3_backends

from localaws.moto_repairs import s3_lifecycle
from localaws.moto_repairs.s3_errors import s3_error

if TYPE_CHECKING:
    from collections.abc import Callable

Document = dict[str, Any]

# Kept on moto's own bucket, so that documents are saved, restored and deleted with it.
_ATTRIBUTE = "localaws_documents"


@dataclass(frozen=True)
class SubResource:
    """One sub-resource, named by the key in the query string of its requests."""

    query: str
    noun: str
    delete: str | None = None
    missing: tuple[str, str] | None = None
    default: Document | None = None
    identified: bool = False
    moto_too: bool = False  # moto acts on it as well (it sends notifications)
    check: Callable[[Any, Document], Document] | None = None
    applied: Callable[[Any, Document], None] | None = None  # tell moto's own code

    @property
    def put_operation(self) -> str:
        return f"Put{self.noun}"

    @property
    def get_operation(self) -> str:
        return f"Get{self.noun}"

    @property
    def list_operation(self) -> str:
        return f"List{self.noun}s"

    @property
    def payload(self) -> str:
        """The member of the request that is the document."""
        return str(_model(self.put_operation).input_shape.serialization["payload"])

    def answer(self, document: Document) -> Document:
        """The document as the members of the answer: the payload itself, or its members one by one."""
        members = _model(self.get_operation).output_shape.members
        return {self.payload: document} if self.payload in members else document

    def headers(self, request: Document) -> Document:
        """Members of the request that belong to the document although they came as headers."""
        members = _model(self.get_operation).output_shape.members
        return {name: value for name, value in request.items() if name in members and name != self.payload}

    def put_answer(self, document: Document) -> Document:
        """What a successful write answers."""
        shape = _model(self.put_operation).output_shape
        return {name: document[name] for name in (shape.members if shape else ()) if name in document}


def _model(operation: str) -> Any:
    return get_service_model("s3").operation_model(operation)


def _require_versioning(bucket: Any, document: Document) -> Document:
    if not bucket.is_versioned:
        raise s3_error(
            "InvalidRequest", "Versioning must be 'Enabled' on the bucket to apply a replication configuration"
        )
    return document


def _require_one_encryption_rule(_bucket: Any, document: Document) -> Document:
    rules = document.get("Rules", [])
    if len(rules) != 1:
        raise s3_error("MalformedXML")
    for rule in rules:
        default = rule.get("ApplyServerSideEncryptionByDefault", {"SSEAlgorithm": "AES256"})
        if default.get("SSEAlgorithm") == "AES256" and default.get("KMSMasterKeyID"):
            raise s3_error(
                "InvalidArgument", "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms"
            )
        rule["ApplyServerSideEncryptionByDefault"] = default
        rule.setdefault("BucketKeyEnabled", False)
    return document


def _require_log_target(bucket: Any, document: Document) -> Document:
    """Logs go to a bucket of the same account and region. None are written: S3's own delivery takes hours."""
    enabled = document.get("LoggingEnabled")
    if enabled is not None:
        target = s3_backends[bucket.account_id][bucket.partition].buckets.get(enabled.get("TargetBucket"))
        if target is None:
            raise s3_error("InvalidTargetBucketForLogging")
        if target.region_name != bucket.region_name:
            raise s3_error("CrossLocationLoggingProhibitted", "Cross S3 location logging not allowed.")
        enabled.setdefault("TargetPrefix", "")
    return document


def _identify(_bucket: Any, document: Document) -> Document:
    """Notifications without an id get one."""
    for kind in ("TopicConfigurations", "QueueConfigurations", "LambdaFunctionConfigurations"):
        for notification in document.get(kind, []):
            notification.setdefault("Id", str(uuid.uuid4()))
    return document


def apply_encryption(bucket: Any, document: Document) -> None:
    """moto encrypts new objects by this."""
    bucket.encryption = {"Rule": document["Rules"][0]}


DEFAULT_ENCRYPTION: Document = {
    "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]
}
_NO_SUCH_CONFIGURATION = ("NoSuchConfiguration", "The specified configuration does not exist.")

SUB_RESOURCES = {
    each.query: each
    for each in (
        SubResource(
            "lifecycle",
            "BucketLifecycleConfiguration",
            delete="DeleteBucketLifecycle",
            missing=("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"),
            check=s3_lifecycle.canonical,
        ),
        SubResource(
            "encryption",
            "BucketEncryption",
            delete="DeleteBucketEncryption",
            default=DEFAULT_ENCRYPTION,
            check=_require_one_encryption_rule,
            applied=apply_encryption,
        ),
        SubResource("logging", "BucketLogging", default={}, check=_require_log_target),
        SubResource("notification", "BucketNotificationConfiguration", default={}, moto_too=True, check=_identify),
        SubResource("requestPayment", "BucketRequestPayment", default={"Payer": "BucketOwner"}),
        SubResource("accelerate", "BucketAccelerateConfiguration", default={}),
        SubResource("abac", "BucketAbac", default={"Status": "Disabled"}),
        SubResource(
            "replication",
            "BucketReplication",
            delete="DeleteBucketReplication",
            missing=("ReplicationConfigurationNotFoundError", "The replication configuration was not found"),
            check=_require_versioning,
        ),
        *(
            SubResource(
                query,
                noun,
                delete=f"Delete{noun}",
                missing=_NO_SUCH_CONFIGURATION,
                identified=True,
            )
            for query, noun in (
                ("intelligent-tiering", "BucketIntelligentTieringConfiguration"),
                ("metrics", "BucketMetricsConfiguration"),
                ("analytics", "BucketAnalyticsConfiguration"),
                ("inventory", "BucketInventoryConfiguration"),
            )
        ),
    )
}


def _documents(bucket: Any) -> dict[str, dict[str, Document]]:
    kept: dict[str, dict[str, Document]] = bucket.__dict__.setdefault(_ATTRIBUTE, {})
    return kept


def write(bucket: Any, sub_resource: SubResource, identifier: str, document: Document) -> Document:
    """Keep a document, checked and in the form in which AWS gives it back."""
    if sub_resource.check is not None:
        document = sub_resource.check(bucket, document)
    _documents(bucket).setdefault(sub_resource.query, {})[identifier] = document
    if sub_resource.applied is not None:
        sub_resource.applied(bucket, document)
    return document


def read(bucket: Any, sub_resource: SubResource, identifier: str = "") -> Document:
    """The document, what AWS has by default, or AWS's error."""
    document = _documents(bucket).get(sub_resource.query, {}).get(identifier, sub_resource.default)
    if document is None and sub_resource.missing is not None:
        code, message = sub_resource.missing
        raise s3_error(code, message)
    return copy.deepcopy(document or {})


def read_all(bucket: Any, sub_resource: SubResource) -> list[Document]:
    """All documents of a sub-resource of which a bucket can have many, by id."""
    return [
        copy.deepcopy(document) for _unused, document in sorted(_documents(bucket).get(sub_resource.query, {}).items())
    ]


def delete(bucket: Any, sub_resource: SubResource, identifier: str = "") -> None:
    """Forget a document. Deleting what is not there is an error only for those with ids."""
    kept = _documents(bucket).get(sub_resource.query, {})
    if sub_resource.identified and identifier not in kept and sub_resource.missing is not None:
        code, message = sub_resource.missing
        raise s3_error(code, message)
    kept.pop(identifier, None)
    if sub_resource.applied is not None and sub_resource.default is not None:
        sub_resource.applied(bucket, sub_resource.default)
