# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The calls on one bucket: which region and owner they insist on, what passes by itself, what errors mean."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _limits as limits
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AWS_ERRORS, Deadline
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import Superseded
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import (
    MlflowError,
    error_code,
    error_message,
    explain,
)

if t.TYPE_CHECKING:
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import Clients
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call

CONFLICT_TIMEOUT = limits.S3_CONFLICT
CONFLICT_FIRST_DELAY, CONFLICT_DELAY = limits.S3_CONFLICT_PAUSES
APPEARANCE_TIMEOUT = limits.S3_APPEARANCE

_NOT_THERE = ("NoSuchBucket", "404")
_DENIED = ("AccessDenied", "403", "AllAccessDisabled")
_PERMISSION_MISSING = "not authorized to perform"
"""In AWS's words for a missing permission; a wrong owner gets a bare "Access Denied"."""
_REDIRECTS = (301, 302, 307)
_ELSEWHERE = ("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException")
_NEXT_STEPS = {
    "InvalidBucketAclWithObjectOwnership": (
        "The bucket's ACL lets others in, and BucketOwnerEnforced would end that. Grant them access by policy_statements "
        "and set the ACL to private, or set object_ownership to BucketOwnerPreferred."
    ),
    "InvalidTargetBucketForLogging": (
        "The target bucket of logging must exist in the same region and account, and its policy must let "
        "logging.s3.amazonaws.com write to it."
    ),
    "MalformedPolicy": (
        "Look at policy_statements: a principal that does not exist is refused like a misspelt one. A statement of others may "
        "also name one that was deleted, which AWS shows as an id (AIDA..., AROA...): remove that from the bucket's policy."
    ),
    "TooManyBuckets": "Ask for a higher quota of buckets (Service Quotas), or delete a bucket that nobody needs.",
}


class OtherRegionError(MlflowError):
    """The bucket is in another region than the calls.

    :param region: its region.
    """

    def __init__(self, region: str) -> None:
        super().__init__(f"The bucket is in {region}: set region to {region}, or choose another bucket.")
        self.region = region


class BucketCalls:
    """Sends calls on one bucket."""

    def __init__(self, clients: Clients, bucket: str) -> None:
        self._clients = clients
        self._bucket = bucket
        self._created = False
        self._client = clients["s3"]
        # botocore would follow S3 to the region of the bucket in silence. One answer is enough for all buckets of a client.
        self._client.meta.events.register_first(
            "needs-retry.s3",
            functools.partial(_refuse_other_region, str(self._client.meta.region_name)),
            unique_id="mlflow-bucket-region",
        )

    @property
    def region(self) -> str:
        """The region of the calls."""
        return str(self._client.meta.region_name)

    @property
    def partition(self) -> str:
        """The partition of the calls."""
        return str(self._client.meta.partition)

    def read(
        self, operation: str, owner: str | None, missing: str = "", **parameters: t.Any
    ) -> dict[str, t.Any] | None:
        """One answer; C({}) when the bucket has nothing of the kind, None when there is no bucket.

        :param owner: None asks whether there is a bucket at all; what it answers beside that is not to be trusted.
        """
        bound = {} if owner is None else {"ExpectedBucketOwner": owner}
        try:
            call = getattr(self._client, operation)
            answer: dict[str, t.Any] = call(Bucket=self._bucket, **bound, **parameters)
        except OtherRegionError as error:
            raise self._elsewhere(error) from error
        except AWS_ERRORS as error:
            code = error_code(error)
            # Only HeadBucket's answers have no body. Another one without a code is a part of an answer, and proves nothing.
            if code == "NoSuchBucket" or (code == "404" and operation == "head_bucket"):
                return None
            if missing and code == missing:
                return {}
            raise MlflowError(self._explain_read(error, owner)) from error
        answer.pop("ResponseMetadata", None)
        return answer

    def _elsewhere(self, error: OtherRegionError) -> MlflowError:
        return MlflowError(
            f"The bucket '{self._bucket}' is in {error.region}, this run works in {self.region}. MLflow needs its bucket in its own "
            f"region: choose another bucket, or set region to {error.region}."
        )

    def write(self, call: Call) -> None:
        """Make one change. S3 refuses concurrent changes of one bucket, and may not know a new bucket everywhere yet."""
        for elapsed in Deadline(CONFLICT_TIMEOUT, CONFLICT_DELAY, first_delay=CONFLICT_FIRST_DELAY).ticks():
            try:
                self._clients.send(call)
            except OtherRegionError as error:
                raise self._elsewhere(error) from error
            except AWS_ERRORS as error:
                if call.operation == "delete_bucket" and error_code(error) in _NOT_THERE:
                    return  # the answer to a first attempt was lost, or somebody else was faster: it is true now
                self._raise_unless_passing(error, elapsed)
            else:
                self._created = self._created or call.operation == "create_bucket"
                return
        raise MlflowError(self._still_in_progress(call))

    def _raise_unless_passing(self, error: Exception, elapsed: float) -> None:
        code = error_code(error)
        if code == "OperationAborted" or (code in _NOT_THERE and self._created and elapsed < APPEARANCE_TIMEOUT):
            return
        if code in (*_NOT_THERE, "BucketAlreadyOwnedByYou", "BucketNotEmpty"):
            raise Superseded from error
        if code == "BucketAlreadyExists":
            raise MlflowError(
                f"The name '{self._bucket}' is taken: a bucket of another account has it, and names are shared by all "
                "accounts of a partition. Choose another name (for the role: another mlflow_server_bucket_name_suffix)."
            ) from error
        if code in _NEXT_STEPS:
            doing = f"changing the bucket '{self._bucket}'"
            raise MlflowError(f"{explain(error, doing)}. {_NEXT_STEPS[code]}") from error
        raise error

    def _still_in_progress(self, call: Call) -> str:
        if call.operation == "create_bucket":
            return (
                f"S3 still refuses to create the bucket '{self._bucket}' after {CONFLICT_TIMEOUT:.0f} s, because another "
                "operation on this name is in progress. A name that was deleted a short time ago can take an hour to "
                "become free: try again later, or choose another name."
            )
        return (
            f"S3 still refuses {call.operation} on the bucket '{self._bucket}' after {CONFLICT_TIMEOUT:.0f} s, because "
            "another change of this bucket is in progress. Find the other run (CloudTrail names the caller), let it "
            "end, and repeat this one."
        )

    def _explain_read(self, error: BaseException, owner: str | None) -> str:
        doing = f"reading the bucket '{self._bucket}'"
        if error_code(error) not in _DENIED or _PERMISSION_MISSING in error_message(error):
            return explain(error, doing)
        operation = getattr(error, "operation_name", "")
        return (
            f"Failed while {doing} ({operation}): access denied. Either the bucket belongs to another account than "
            f"{owner}: choose another name, or set expected_bucket_owner to its account when you are meant to manage it. "
            "Or the caller lacks the permission (the module's notes list them), or the bucket's policy denies it."
        )


def _refuse_other_region(own: str, response: t.Any = None, operation: t.Any = None, **_event: t.Any) -> None:
    """Called by botocore with each answer of S3, before it decides on another attempt."""
    if response is None or operation is None or operation.name == "CreateBucket":
        return
    status, parsed = response[0].status_code, response[1]
    error = parsed.get("Error", {})
    headers = parsed.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    region = headers.get("x-amz-bucket-region") or error.get("Region")
    if status < 300 or not region or region == own:
        return
    if status in _REDIRECTS or error.get("Code") in (*_ELSEWHERE, "400"):
        raise OtherRegionError(region)
