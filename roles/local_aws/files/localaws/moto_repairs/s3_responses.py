# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""S3 as moto knows it, with what it loses kept and what it destroys spared."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import ParseError

from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import get_service_model
from moto.s3.models import FakeBucket, s3_backends
from moto.s3.responses import S3Response
from moto.s3.utils import bucket_policy_is_public

from localaws import protocol_errors
from localaws.moto_repairs import s3_buckets, s3_documents, s3_policy
from localaws.moto_repairs.callers import caller
from localaws.moto_repairs.s3_documents import SUB_RESOURCES
from localaws.moto_repairs.s3_errors import DIALECT, s3_error
from localaws.protocol_errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from localaws.moto_repairs.s3_documents import SubResource

# What moto understands by itself. Any other sub-resource would reach its code for the bucket.
_READ_AND_WRITTEN = frozenset(
    {
        "acl",
        "cors",
        "object-lock",
        "ownershipControls",
        "policy",
        "publicAccessBlock",
        "tagging",
        "versioning",
        "website",
    }
)
MOTO_KNOWS = {
    "GET": _READ_AND_WRITTEN | {"list-type", "location", "policyStatus", "uploads", "versions"},
    "PUT": _READ_AND_WRITTEN,
    "DELETE": _READ_AND_WRITTEN - {"acl", "object-lock", "versioning"},
    "POST": frozenset({"delete"}),
}


@lru_cache(maxsize=1)
def sub_resource_names() -> frozenset[str]:
    """Every sub-resource of a bucket that S3 has, from the addresses in its model."""
    model = get_service_model("s3")
    addresses = (model.operation_model(name).http["requestUri"] for name in model.operation_names)
    queries = (urlsplit(address).query for address in addresses if address.startswith("/{Bucket}?"))
    return frozenset(query.partition("=")[0].partition("&")[0] for query in queries)


class RepairedS3Response(S3Response):  # type: ignore[misc]  # moto has no type information
    """moto's S3 behind the checks and documents of this package."""

    def _bucket_response(self, request: Any, full_url: str) -> Any:
        return self._guarded(request, lambda: self._checked_bucket_response(request, full_url))

    def _key_response(self, request: Any, full_url: str) -> Any:
        return self._guarded(request, lambda: self._checked_key_response(request, full_url))

    def _guarded(self, request: Any, respond: Callable[[], Any]) -> Any:
        """Write our own errors as S3 does. The region goes along whenever it is known: SDKs follow it."""
        try:
            return respond()
        except ServiceError as error:
            answer = protocol_errors.render(error, DIALECT, request.method)
            region = s3_buckets.region_of(self.bucket_name or "")
            headers = dict(answer.headers) | ({"x-amz-bucket-region": region} if region else {})
            return answer.status, headers, answer.body

    @property
    def _bucket(self) -> Any:
        return self.backend.get_bucket(self.bucket_name)

    def _checked_bucket_response(self, request: Any, full_url: str) -> Any:
        name = self.bucket_name
        if not name or request.method == "OPTIONS":
            return super()._bucket_response(request, full_url)
        sub_resources = sub_resource_names() & set(request.args)
        if request.method == "PUT" and not sub_resources:
            return self._create_bucket(request, full_url)
        s3_buckets.require_access(name, request)
        if request.method != "HEAD":
            self._require_known(request.method, sub_resources)
        if request.method in ("PUT", "DELETE"):
            self._require_writable(request)
        own = next((SUB_RESOURCES[query] for query in sorted(sub_resources) if query in SUB_RESOURCES), None)
        if own is not None:
            return self._own_response(request, full_url, own)
        if request.method == "PUT" and "policy" in sub_resources:
            return self._put_policy()
        return super()._bucket_response(request, full_url)

    def _require_known(self, method: str, sub_resources: frozenset[str]) -> None:
        """moto takes a sub-resource that it does not know for the bucket itself: it would delete or create it."""
        for query in sub_resources - MOTO_KNOWS.get(method, frozenset()) - set(SUB_RESOURCES):
            raise s3_error("NotImplemented", f"The local AWS has no {method} of the sub-resource {query}.")

    def _require_writable(self, request: Any) -> None:
        bucket = self._bucket  # before all else: moto creates the bucket for some sub-resources
        s3_buckets.require_no_conflict(self.bucket_name)
        s3_buckets.require_acl_allowed(bucket, request.headers)

    def _checked_key_response(self, request: Any, full_url: str) -> Any:
        s3_buckets.require_access(self.bucket_name, request)
        if request.method == "PUT" and self.bucket_name in s3_backends.bucket_accounts:
            s3_buckets.require_acl_allowed(self._bucket, request.headers)
        return super()._key_response(request, full_url)

    def _create_bucket(self, request: Any, full_url: str) -> Any:
        name = self.bucket_name
        s3_buckets.require_free_name(name)
        s3_buckets.require_no_conflict(name)
        s3_buckets.require_no_acl_at_creation(request.headers)
        is_new = name not in s3_backends.bucket_accounts
        tags = self._parsed("CreateBucket").get("CreateBucketConfiguration", {}).get("Tags", [])
        response = super()._bucket_response(request, full_url)
        if is_new:
            s3_buckets.set_up(self._bucket, request.headers, tags)
        return response

    def _parsed(self, operation: str) -> Any:
        """The body and parameters of the request, read by botocore's model."""
        parser = PROTOCOL_PARSERS["rest-xml"](get_service_model("s3").operation_model(operation))
        try:
            return parser.parse(
                {
                    "method": self.method,
                    "values": self.request.values,
                    "headers": self.headers,
                    "body": self.body or b"",
                    "url_path": self.path,
                    "url_params": {"Bucket": self.bucket_name},
                }
            )
        except (ParseError, RequestParserError, KeyError, TypeError, ValueError):
            raise s3_error("MalformedXML") from None

    def _own_response(self, request: Any, full_url: str, own: SubResource) -> Any:
        identifier = request.args.get("id", "")
        if request.method == "PUT":
            return self._put_document(request, full_url, own, identifier)
        if request.method == "DELETE":
            if own.delete is None:
                raise s3_error("NotImplemented", f"S3 has no DELETE of the sub-resource {own.query}.")
            s3_documents.delete(self._bucket, own, identifier)
            return 204, {}, ""
        if own.identified and not identifier:
            return self._list_documents(own)
        document = s3_documents.read(self._bucket, own, identifier)
        return self._answer(own.get_operation, own.answer(document))

    def _put_document(self, request: Any, full_url: str, own: SubResource, identifier: str) -> Any:
        asked = self._parsed(own.put_operation)
        if own.payload not in asked or (own.identified and not identifier):
            raise s3_error("MalformedXML")
        if own.moto_too:
            super()._bucket_response(request, full_url)
        document = s3_documents.write(self._bucket, own, identifier, asked[own.payload] | own.headers(asked))
        return self._answer(own.put_operation, own.put_answer(document))

    def _list_documents(self, own: SubResource) -> Any:
        documents = s3_documents.read_all(self._bucket, own)
        return self._answer(own.list_operation, {f"{own.payload}List": documents, "IsTruncated": False})

    def _answer(self, operation: str, result: dict[str, Any]) -> Any:
        self.data["Action"] = operation
        return self.serialized(ActionResult(result) if result else EmptyResult())

    def _put_policy(self) -> Any:
        bucket = self._bucket
        policy = s3_policy.canonical(self.body, self.bucket_name)
        block = bucket.public_access_block
        if block is not None and block.block_public_policy and bucket_policy_is_public(policy):
            actor = caller(self.access_key)
            raise s3_error(
                "AccessDenied",
                f'User: {actor.arn} is not authorized to perform: s3:PutBucketPolicy on resource: "{bucket.arn}" because '
                "public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.",
            )
        self.backend.put_bucket_policy(self.bucket_name, policy)
        return 204, {}, ""

    def _bucket_tagging_from_body(self) -> dict[str, str]:
        """moto takes an empty value for none, and answers with a tag that has no value at all."""
        tags: dict[str, str | None] = super()._bucket_tagging_from_body()
        return {key: value or "" for key, value in tags.items()}

    def get_object_lock_configuration(self) -> Any:
        """moto answers both Days and Years, one of them 0; S3 answers the one that was set."""
        enabled, mode, days, years = self.backend.get_object_lock_configuration(self.bucket_name)
        configuration: dict[str, Any] = {"ObjectLockEnabled": "Enabled" if enabled else "Disabled"}
        if mode:
            period = {"Days": days} if days else {"Years": years}
            configuration["Rule"] = {"DefaultRetention": {"Mode": mode, **period}}
        return self._answer("GetObjectLockConfiguration", {"ObjectLockConfiguration": configuration})


def judge_policies_elsewhere() -> None:
    """Take bucket policies out of moto's object operations.

    moto ignores conditions there, so that the usual "TLS only" Deny would deny everything. The IAM layer judges them.
    """
    from moto.iam.access_control import PermissionResult  # of this function only

    FakeBucket.get_permission = lambda _bucket, _action, _resource: PermissionResult.NEUTRAL
