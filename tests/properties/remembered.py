# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What thousands of examples in one process need not do again: ask what was asked since the last write.

An answer of the local AWS follows from its state alone, and SageMaker's from the time as well. So a read that was made before is
only made again after a write that may have changed its answer, or after time has passed.
"""

from __future__ import annotations

import contextlib
import copy
import pickle
import re
import typing as t
from unittest import mock

from botocore.client import BaseClient
from botocore.exceptions import ClientError

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from in_process_aws.region import InProcessRegion

_READS = ("Get", "Describe", "List", "Head", "Lookup")
_OF_A_ROLE = {
    "PutRolePolicy": {"GetRolePolicy", "ListRolePolicies"},
    "DeleteRolePolicy": {"GetRolePolicy", "ListRolePolicies"},
    "AttachRolePolicy": {"ListAttachedRolePolicies"},
    "DetachRolePolicy": {"ListAttachedRolePolicies"},
    "TagRole": {"GetRole"},
    "UntagRole": {"GetRole"},
    "UpdateRole": {"GetRole"},
    "UpdateAssumeRolePolicy": {"GetRole"},
    "PutRolePermissionsBoundary": {"GetRole"},
    "DeleteRolePermissionsBoundary": {"GetRole"},
}
_OF_ALL_ROLES = "GetAccountAuthorizationDetails"
_OF_A_BUCKET = re.compile(r"^(?:Get|Put|Delete)(?:Bucket(?=.)|(?=PublicAccessBlock))(.+?)(?:Configuration)?$")
_CONTENTS = {"ListObjectVersions", "ListMultipartUploads", "ListObjectsV2"}
_OF_CONTENTS = re.compile(r"^(PutObject|DeleteObjects?|CreateMultipartUpload|AbortMultipartUpload)$")


class Answers:
    """The answers to reads since the last write to what they are about.

    :param doubt: whether to ask all the same, and to fail when the answer is another.
    """

    def __init__(self, region: InProcessRegion) -> None:
        self._region = region
        self._answers: dict[str, dict[str, dict[bytes, t.Any]]] = {}
        self._ask: Callable[..., t.Any] = getattr(BaseClient, "_make_api_call")  # noqa: B009  # has no type
        self._offset = 0.0
        self.doubt = False

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        """Meanwhile all clients of this process ask here."""

        def call(client: t.Any, operation: str, parameters: t.Any) -> t.Any:
            return self.call(client, operation, parameters)

        with mock.patch.object(BaseClient, "_make_api_call", call):
            yield

    def forget(self) -> None:
        """Everything may have changed."""
        self._answers.clear()

    def call(self, client: t.Any, operation: str, parameters: t.Any) -> t.Any:
        """What C(BaseClient._make_api_call) does."""
        service = client.meta.service_model.service_name
        if not operation.startswith(_READS):
            self._forget_after(service, operation)
            return self._ask(client, operation, parameters)
        if self._offset != self._region.running.clock.offset:
            self._offset = self._region.running.clock.offset
            self._answers.pop("sagemaker", None)
        known = self._answers.setdefault(service, {}).setdefault(operation, {})
        key = pickle.dumps(sorted(parameters.items()))
        if key not in known or self.doubt:
            answer = self._first(client, operation, parameters)
            assert _meaning(known.get(key, answer)) == _meaning(answer), (
                f"{operation} answers something else than before"
            )
            known[key] = answer
        answer = known[key]
        if isinstance(answer, ClientError):
            raise ClientError(copy.deepcopy(answer.response), operation)
        return pickle.loads(answer)

    def _forget_after(self, service: str, operation: str) -> None:
        known = self._answers.get(service, {})
        for read in [read for read in known if _is_about(service, operation, read)]:
            del known[read]

    def _first(self, client: t.Any, operation: str, parameters: t.Any) -> bytes | ClientError:
        try:
            return pickle.dumps(self._ask(client, operation, parameters))
        except ClientError as error:
            return error


def _is_about(service: str, write: str, read: str) -> bool:
    """Whether the write may change what the read answers."""
    if service == "iam":
        return write not in _OF_A_ROLE or read in _OF_A_ROLE[write] or read == _OF_ALL_ROLES
    if service == "s3" and _OF_CONTENTS.match(write):
        return read in _CONTENTS
    written, about = _OF_A_BUCKET.match(write), _OF_A_BUCKET.match(read)
    return service != "s3" or written is None or (about is not None and written[1] == about[1])


def _meaning(answer: t.Any) -> t.Any:
    response = answer.response if isinstance(answer, ClientError) else pickle.loads(answer)
    return {key: value for key, value in response.items() if key != "ResponseMetadata"}
