# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""A bucket as plain data: where it is, what it is set to, what it holds."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

if t.TYPE_CHECKING:
    from collections.abc import Mapping

SETTING_NAMES = (
    "versioning",
    "encryption",
    "public_access_block",
    "object_ownership",
    "policy",
    "lifecycle_rules",
    "logging",
    "cors_rules",
    "tags",
)
"""Every setting that the module can manage; each is a key of its result, None when it was not asked about."""

LISTED_AT_ONCE = 1000
"""How many objects or uploads S3 lists or deletes in one call."""


@dataclass(frozen=True)
class Place:
    """Where the bucket is, and whose it is.

    :param bucket: its name.
    :param account_id: the account that owns it (or must own it).
    :param key_arn: the KMS key that was asked for, resolved; None when none was.
    """

    bucket: str
    region: str
    partition: str
    account_id: str
    key_arn: str | None = None

    @property
    def bucket_arn(self) -> str:
        """The bucket's ARN."""
        return f"arn:{self.partition}:s3:::{self.bucket}"


@dataclass(frozen=True)
class Contents:
    """What the first page of a bucket's listings shows.

    :param more: whether there is more than that.
    """

    object_versions: int
    delete_markers: int
    multipart_uploads: int
    more: bool

    @property
    def total(self) -> int:
        """Everything that stands in the way of deleting the bucket, as far as it was listed."""
        return self.object_versions + self.delete_markers + self.multipart_uploads

    def report(self) -> dict[str, t.Any]:
        """What the user is told."""
        return {
            "object_versions": self.object_versions,
            "delete_markers": self.delete_markers,
            "multipart_uploads": self.multipart_uploads,
            "more": self.more,
        }


@dataclass(frozen=True)
class BucketState:
    """What AWS says of a bucket, as far as it was asked.

    :param values: each setting that was read, in normal form.
    :param answers: AWS's own answers, from which a write keeps what nobody asked about.
    :param contents: only read for a bucket that is to be deleted.
    :param deleted_objects: how many versions, markers and uploads were deleted; None when AWS alone can know.
    """

    place: Place
    exists: bool
    values: Mapping[str, t.Any] = field(default_factory=dict)
    answers: Mapping[str, Mapping[str, t.Any]] = field(default_factory=dict)
    contents: Contents | None = None
    deleted_objects: int | None = 0

    def describe(self) -> dict[str, t.Any]:
        """The module's return values."""
        return {
            "name": self.place.bucket,
            "arn": self.place.bucket_arn,
            "region": self.place.region,
            "account_id": self.place.account_id,
            "exists": self.exists,
            "deleted_objects": self.deleted_objects,
            **{name: self.values.get(name) for name in SETTING_NAMES},
        }
