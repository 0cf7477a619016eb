# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads from moto what a decision needs: the policies of callers and resources, tags, real ARNs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.iam_policy import InvalidPolicyError, Policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from localaws.credentials import Principal

_EMPTY = Policy((), "")
_EVERYTHING = Policy.parse(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}, ""
)


def iam_backend(account_id: str, partition: str) -> Any:
    """moto's IAM of an account."""
    from moto.iam.models import iam_backends

    return iam_backends[account_id][partition]


def role_of(arn: str) -> Any | None:
    """The role with this ARN; None when there is none."""
    parts = arn.split(":")
    if len(parts) != 6 or not parts[5].startswith("role/"):
        return None
    roles = iam_backend(parts[4], parts[1]).roles
    return next((role for role in list(roles.values()) if role.arn == arn), None)


def arn_of(kind: str, name: str, account_id: str, partition: str, path: str | None) -> str:
    """The ARN of an IAM resource. Of one that exists the path counts, though calls name it without."""
    if path is None:
        backend = iam_backend(account_id, partition)
        owners = {"role": backend.roles, "user": backend.users, "group": backend.groups}
        found = next((each for each in list(owners.get(kind, {}).values()) if each.name == name), None)
        path = found.path if found is not None else "/"
    return f"arn:{partition}:iam::{account_id}:{kind}{path}{name}"


def kms_key_arn(name: str, account_id: str, region: str) -> str | None:
    """The ARN of a key given by id, ARN or alias; an ARN may be of another account."""
    key = kms_key(name, account_id, region)
    return str(key.arn) if key is not None else None


def kms_key(name: str, account_id: str, region: str) -> Any | None:
    """moto's key; None when there is none."""
    from moto.kms.models import kms_backends

    if name.startswith("arn:"):
        region, account_id = name.split(":")[3:5]
    backend = kms_backends[account_id][region]
    alias = name.rpartition(":")[2] if ":alias/" in name else name
    key_id = backend.get_key_id_from_alias(alias) if alias.startswith("alias/") else name.rpartition("/")[2]
    return backend.keys.get(key_id or "")


def identity_policies(principal: Principal, partition: str) -> list[Policy]:
    """All inline and managed policies of a user (with their groups) or of a session's role."""
    if principal.kind == "root":
        return [_EVERYTHING]
    backend = iam_backend(principal.account_id, partition)
    owner = _owner(principal, backend)
    if owner is None:
        return []
    owners = [owner, *(backend.get_groups_for_user(principal.name) if principal.kind == "user" else ())]
    return [policy for each in owners for policy in policies_of(each)]


def policies_of(owner: Any) -> list[Policy]:
    """The inline and managed policies of one role, user or group."""
    inline = [_parsed(document, name) for name, document in dict(owner.policies).items()]
    managed = [_parsed(_default_document(policy), policy.arn) for policy in list(owner.managed_policies.values())]
    return inline + managed


def boundary(principal: Principal, partition: str) -> list[Policy] | None:
    """The permissions boundary of the caller; None when there is none."""
    backend = iam_backend(principal.account_id, partition)
    owner = _owner(principal, backend)
    arn = getattr(owner, "permissions_boundary_arn", None) or getattr(owner, "permissions_boundary", None)
    if not arn:
        return None
    policy = backend.managed_policies.get(arn)
    return [] if policy is None else [_parsed(_default_document(policy), arn)]


def session_policies(principal: Principal) -> list[Policy] | None:
    """The policy that AssumeRole was given, which narrows the session."""
    return None if principal.session_policy is None else [_parsed(principal.session_policy, "session")]


def resource_policy(resource: str) -> tuple[Policy | None, str | None, bool]:
    """The policy on a resource, the account that owns it, and whether nothing works without that policy."""
    parts = resource.split(":", 5)
    if len(parts) != 6:
        return None, None, False
    if parts[2] == "s3":
        return _bucket_policy(parts[5].partition("/")[0])
    if parts[2] == "iam" and parts[5].startswith("role/"):
        role = role_of(resource)
        return (None if role is None else _parsed(role.assume_role_policy_document, "trust")), parts[4], True
    if parts[2] == "kms" and parts[5].startswith("key/"):
        return _key_policy(parts[4], parts[3], parts[5].partition("/")[2])
    return None, None, False


def resource_tags(resource: str) -> Mapping[str, str]:
    """The tags of a resource, where a policy can ask for them."""
    from localaws.instance import current

    parts = resource.split(":", 5)
    if len(parts) != 6:
        return {}
    if parts[2] == "sagemaker":
        found = current().store.find(resource)
        return dict(found.tags) if found is not None else {}
    if parts[2] == "iam":
        return _tags_of(role_of(resource))
    return {}


def principal_tags(principal: Principal, partition: str) -> Mapping[str, str]:
    """The tags of the calling role."""
    return _tags_of(_owner(principal, iam_backend(principal.account_id, partition)))


def _tags_of(owner: Any) -> dict[str, str]:
    tags = getattr(owner, "tags", None) or {}
    pairs: Iterable[Any] = tags.values() if isinstance(tags, dict) else tags
    return {each["Key"]: each["Value"] for each in pairs if isinstance(each, dict)}


def _owner(principal: Principal, backend: Any) -> Any | None:
    owners = {"user": backend.users, "assumed_role": backend.roles}.get(principal.kind, {})
    return next((each for each in list(owners.values()) if each.name == principal.name), None)


def _default_document(policy: Any) -> str:
    found = [version for version in policy.versions if version.version_id == policy.default_version_id]
    return str(found[0].document) if found else "{}"


def _parsed(document: Any, name: str) -> Policy:
    """A document that moto stored although it is none allows nothing."""
    try:
        return Policy.parse(document["PolicyDocument"] if _is_wrapped(document) else document, name)
    except InvalidPolicyError:
        return _EMPTY


def _is_wrapped(document: Any) -> bool:
    return isinstance(document, dict) and "PolicyDocument" in document


def _bucket_policy(name: str) -> tuple[Policy | None, str | None, bool]:
    from moto.s3.models import s3_backends

    partition, account_id = s3_backends.bucket_accounts.get(name, (None, None))
    if partition is None:
        return None, None, False
    bucket = s3_backends[account_id][partition].buckets[name]
    return (_parsed(bucket.policy, name) if bucket.policy else None), account_id, False


def _key_policy(account_id: str, region: str, key_id: str) -> tuple[Policy | None, str | None, bool]:
    from moto.kms.models import kms_backends

    key = kms_backends[account_id][region].keys.get(key_id)
    return (None, None, False) if key is None else (_parsed(key.policy, key_id), account_id, True)
