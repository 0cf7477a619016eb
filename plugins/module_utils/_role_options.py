# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What the user wishes for a service role: the module's options, checked and in normal form. Makes no call."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tags as tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._artifact_place import artifact_place
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._kms import KeyReference, check_region, parse_key
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policies import (
    BASIC_ACCESS,
    KMS_ACCESS,
    SERVICE_PRINCIPAL,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import Document, parse, size

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

INLINE_POLICIES_QUOTA = 10_240
TRUST_POLICY_QUOTA = 2_048
RAISED_TRUST_POLICY_QUOTA = 4_096

_NAME = re.compile(r"^[A-Za-z0-9_+=,.@-]+$")
_PATH = re.compile(r"^(/|/[\x21-\x7e]+/)$")
_DESCRIPTION = re.compile(r"^[\t\n\r\x20-\x7e\xa1-\xff]*$")
_POLICY_ARN = re.compile(r"^arn:aws[a-z0-9-]*:iam::(aws|[0-9]{12}):policy/[A-Za-z0-9_+=,.@/-]+$")
_POLICY_NAME = re.compile(r"^[A-Za-z0-9_+=,.@/-]+$")
_SOURCE_ARN = re.compile(r"^arn:aws[a-z0-9-]*:sagemaker:[a-z0-9*?-]+:[0-9]{12}:\S+$")
_ACCOUNT = re.compile(r"^[0-9]{12}$")


@dataclass(frozen=True)
class TrustWish:
    """Whom the service must act for when it takes the role.

    :param protected: whether the trust has confused-deputy conditions.
    :param source_account: instead of the role's own account.
    :param source_arns: instead of every SageMaker resource of that account in the region.
    """

    protected: bool
    source_account: str | None
    source_arns: tuple[str, ...]


@dataclass(frozen=True)
class RoleWish:
    """The wished role. What is None was not asked about and stays as it is.

    :param bucket: of the artifact store; None when the role is to be absent.
    :param key: the KMS key of the artifact store.
    :param without_key: whether the role must have no access to a key.
    :param managed_policies: ARNs, and names of policies of AWS.
    :param permissions_boundary: an ARN, empty to remove the boundary.
    :param service: the principal of the service that takes the role.
    :param own_policies: instead of the policies that an artifact store needs.
    """

    name: str
    present: bool
    region: str
    bucket: str | None = None
    prefix: str = ""
    key: KeyReference | None = None
    without_key: bool = False
    artifact_deletion: bool = False
    model_registration: bool = False
    trust: TrustWish = TrustWish(protected=True, source_account=None, source_arns=())
    inline_policies: Mapping[str, Document] | None = None
    managed_policies: tuple[str, ...] | None = None
    permissions_boundary: str | None = None
    path: str | None = None
    description: str | None = None
    max_session_duration: int | None = None
    tags: Mapping[str, str] | None = None
    purge_inline_policies: bool = False
    purge_managed_policies: bool = False
    purge_tags: bool = False
    service: str = SERVICE_PRINCIPAL
    own_policies: Mapping[str, Document] | None = None

    @property
    def own_policy_names(self) -> tuple[str, ...]:
        """The inline policies that belong to this collection, wished or not."""
        return (BASIC_ACCESS, KMS_ACCESS) if self.own_policies is None else tuple(self.own_policies)


def wish_from(options: Mapping[str, t.Any], region: str) -> RoleWish:
    """The wish from the module's options. Raises MlflowError for what AWS would refuse."""
    name = checked_name("name", options["name"])
    if options["state"] == "absent":
        return RoleWish(name=name, present=False, region=region)
    bucket, prefix = artifact_place("artifact_store_uri", options["artifact_store_uri"])
    return RoleWish(
        name=name,
        present=True,
        region=region,
        bucket=bucket,
        prefix=prefix,
        key=_key(options["kms_key_id"], region),
        without_key=options["kms_key_id"] == "",
        artifact_deletion=options["artifact_deletion"],
        model_registration=options["model_registration"],
        trust=_trust(options),
        inline_policies=_inline_policies(options["inline_policies"]),
        managed_policies=_managed_policies(options["managed_policies"]),
        permissions_boundary=checked_boundary("permissions_boundary", options["permissions_boundary"]),
        path=checked_path("path", options["path"]),
        description=_description(options["description"]),
        max_session_duration=_max_session_duration(options["max_session_duration"]),
        tags=tags.wished(options["tags"]),
        purge_inline_policies=options["purge_inline_policies"],
        purge_managed_policies=options["purge_managed_policies"],
        purge_tags=options["purge_tags"],
    )


def policy_arn(policy: str, partition: str) -> str:
    """The ARN of a managed policy that is given by ARN or, when it is one of AWS, by name."""
    return policy if policy.startswith("arn:") else f"arn:{partition}:iam::aws:policy/{policy}"


def checked_name(option: str, name: str) -> str:
    """The name of a role."""
    return checked(option, name, _NAME, 64, "letters, digits and _+=,.@-")


def checked_boundary(option: str, boundary: str | None) -> str | None:
    """The ARN of a permissions boundary, or an empty string."""
    if not boundary:
        return boundary
    return checked(
        option, boundary, _POLICY_ARN, 2048, "give the ARN of a managed policy, or '' to remove the boundary"
    )


def checked_path(option: str, path: str | None) -> str | None:
    """The path of a role."""
    if path is None:
        return None
    return checked(option, path, _PATH, 512, "a path begins and ends with a slash, as in /mlflow/")


def checked(option: str, value: str, pattern: re.Pattern[str], longest: int, allowed: str) -> str:
    """A text of the right length and form."""
    if not 1 <= len(value) <= longest:
        raise MlflowError(f"{option}: '{value[:80]}' has {len(value)} characters; AWS allows 1 to {longest}.")
    if not pattern.fullmatch(value):
        raise MlflowError(f"{option}: '{value}' is not allowed: {allowed}.")
    return value


def _key(key: str | None, region: str) -> KeyReference | None:
    if not key:
        return None
    reference = parse_key(key)
    check_region(reference, region)
    return reference


def _trust(options: Mapping[str, t.Any]) -> TrustWish:
    account, arns = options["source_account"], tuple(options["source_arn"] or ())
    protected = options["confused_deputy_protection"]
    if not protected and (account or arns):
        raise MlflowError(
            "source_account and source_arn are conditions of the trust policy, and confused_deputy_protection=false "
            "removes those conditions. Set either the one or the other."
        )
    if account and not _ACCOUNT.fullmatch(account):
        raise MlflowError(f"source_account: '{account}' is no account id: give 12 digits (in quotes).")
    for arn in arns:
        checked("source_arn", arn, _SOURCE_ARN, 2048, "give arn:<partition>:sagemaker:<region>:<account>:<resource>")
    return TrustWish(protected, account or None, tuple(sorted(set(arns))))


def _inline_policies(policies: Mapping[str, t.Any] | None) -> dict[str, Document] | None:
    if policies is None:
        return None
    documents = {}
    for name, policy in policies.items():
        where = f"inline_policies['{name}']"
        checked(where, name, _NAME, 128, "the name of a policy has letters, digits and _+=,.@-")
        if name in (BASIC_ACCESS, KMS_ACCESS):
            raise MlflowError(
                f"{where}: this policy is built from artifact_store_uri, model_registration and kms_key_id. "
                "Give your additions another name."
            )
        documents[name] = parse(policy, where)
    total = sum(size(document) for document in documents.values())
    if total > INLINE_POLICIES_QUOTA:
        raise MlflowError(
            f"inline_policies: together {total} characters, AWS allows {INLINE_POLICIES_QUOTA} on one role. "
            "Move some into a managed policy and name it in managed_policies."
        )
    return documents


def _managed_policies(policies: Sequence[str] | None) -> tuple[str, ...] | None:
    if policies is None:
        return None
    for policy in policies:
        pattern = _POLICY_ARN if policy.startswith("arn:") else _POLICY_NAME
        allowed = "give the policy's ARN, or the name of a policy of AWS such as AmazonS3ReadOnlyAccess"
        checked("managed_policies", policy, pattern, 2048, allowed)
    return tuple(policies)


def _description(description: str | None) -> str | None:
    if not description:
        return description
    return checked("description", description, _DESCRIPTION, 1000, "only printable Latin-1 characters")


def _max_session_duration(seconds: int | None) -> int | None:
    if seconds is not None and not 3600 <= seconds <= 43_200:
        raise MlflowError(f"max_session_duration: {seconds} is not allowed: 3600 (1 hour) to 43200 (12 hours) seconds.")
    return seconds
