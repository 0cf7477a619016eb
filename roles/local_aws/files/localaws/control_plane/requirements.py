# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tracking server or App needs to be created: a role, a bucket, a key, room in the account."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from moto.s3.models import s3_backends

from localaws.authorization import judge
from localaws.control_plane import errors
from localaws.control_plane.states import DAYS
from localaws.credentials import Principal
from localaws.iam_resources import role_of
from localaws.moto_repairs import role_age, trust

if TYPE_CHECKING:
    from localaws.instance import Instance
    from localaws.settings import Settings

SERVICE = "sagemaker.amazonaws.com"


def role_problem(running: Instance, role_arn: str, resource_arn: str) -> str | None:
    """Why SageMaker cannot assume the role, in AWS's words; None when it can."""
    refusal = (
        f"SageMaker is unable to perform: sts:AssumeRole on role ARN {role_arn}. Check that the role exists, that its "
        f"trust policy allows {SERVICE} to assume it, and that you are allowed to pass it."
    )
    role = role_of(role_arn)
    if role is None or role_age.seconds(role) < running.settings.iam_propagation_seconds:
        return refusal
    context = {"aws:SourceAccount": resource_arn.split(":")[4], "aws:SourceArn": resource_arn}
    return None if trust.service_may_assume(role, SERVICE, context) else refusal


def bucket_name(artifact_store_uri: str) -> str:
    """The bucket of C(s3://bucket/prefix) or C(https://bucket.s3.region.amazonaws.com/prefix)."""
    parts = urlsplit(artifact_store_uri)
    if parts.scheme == "s3":
        return parts.netloc
    host, _unused, _unused = parts.netloc.partition(":")
    if re.match(r"s3[.-]", host):
        return parts.path.lstrip("/").split("/")[0]
    return re.split(r"\.s3[.-]", host)[0]


def bucket_problem(settings: Settings, artifact_store_uri: str, region: str, expected_owner: str | None) -> str | None:
    """Why the bucket cannot hold artifacts; None when it can. Without C(expected_owner) nobody asks whose it is."""
    name = bucket_name(artifact_store_uri)
    if name in settings.foreign_buckets:
        owner, bucket_region = settings.foreign_account_id, region
    elif name in s3_backends.bucket_accounts:
        partition, owner = s3_backends.bucket_accounts[name]
        bucket_region = s3_backends[owner][partition].buckets[name].region_name
    else:
        return f"The bucket {name} does not exist."
    if bucket_region != region:
        return f"The bucket {name} is in the Region {bucket_region}, not in {region}."
    if expected_owner is not None and owner != expected_owner:
        return f"The bucket {name} is not owned by the account {expected_owner}."
    return None


def lacks_access(running: Instance, role_arn: str, artifact_store_uri: str) -> bool:
    """Whether the role may not list, read or write the artifact store (C(role_access_matters)).

    AWS documents these rights for the role, but not what becomes of a server whose role has none.
    """
    if not running.settings.role_access_matters:
        return False
    _unused, partition, _unused, _unused, account_id, name = role_arn.split(":", 5)
    session = f"arn:{partition}:sts::{account_id}:assumed-role/{name.rpartition('/')[2]}/SageMaker"
    principal = Principal(
        account_id, session, "", "assumed_role", name=name.rpartition("/")[2], session_name="SageMaker"
    )
    bucket = f"arn:{partition}:s3:::{bucket_name(artifact_store_uri)}"
    prefix = urlsplit(artifact_store_uri).path.strip("/")
    some_object = f"{bucket}/{prefix}/0" if prefix else f"{bucket}/0"
    needed = (("s3:ListBucket", bucket), ("s3:GetObject", some_object), ("s3:PutObject", some_object))
    context = {"s3:prefix": f"{prefix}/"}
    return not all(judge(principal, action, resource, context).allowed for action, resource in needed)


def resolved_key_arn(key: str, account_id: str, region: str) -> str:
    """The ARN of a KMS key given as id, ARN or alias; only usable symmetric keys can protect an App."""
    from moto.kms.models import kms_backends  # loads a lot, and few Apps have a key

    backend = kms_backends[account_id][region]
    alias = backend.get_alias_name(key)
    key_id = backend.get_key_id_from_alias(alias) if alias.startswith("alias/") else backend.get_key_id(key)
    found = backend.keys.get(backend.get_key_id(key_id or ""))
    if found is None:
        raise errors.validation(f"The KMS key {key} does not exist or SageMaker is not allowed to describe it.")
    if found.key_state != "Enabled" or found.key_spec != "SYMMETRIC_DEFAULT":
        raise errors.validation(f"The KMS key {key} is not an enabled symmetric encryption key.")
    return str(found.arn)


def full_version(settings: Settings, asked: str | None) -> str:
    """AWS takes major.minor and reports the full version; it refuses the full version it reports."""
    supported = settings.supported_mlflow_versions
    if asked is None:
        asked = max(supported, key=lambda version: [int(part) for part in version.split(".")])
    if asked not in supported:
        raise errors.validation("The provided MLflow version is not supported")
    return supported[asked]


def picked_window(arn: str) -> str:
    """The maintenance window that the service picks when none is given: any, but always the same for one ARN."""
    digest = hashlib.sha256(arn.encode()).digest()
    return f"{DAYS[digest[0] % 7]}:{digest[1] % 24:02}:{digest[2] % 60:02}"
