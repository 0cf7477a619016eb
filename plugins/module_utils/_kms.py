# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""KMS keys as users name them (id, ARN, alias), and the ARN that policies and buckets need."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AWS_ERRORS
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError, explain, is_error

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import Clients, Identity

_ARN = re.compile(
    r"^arn:(?P<partition>aws[a-z0-9-]*):kms:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):(?P<resource>(key|alias)/.+)$"
)
_KEY_ID = re.compile(r"^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$")
_ALIAS = re.compile(r"^alias/[a-zA-Z0-9/_-]{1,250}$")
_UNUSABLE = {
    "Disabled": "is disabled: enable it (aws kms enable-key)",
    "PendingDeletion": "is waiting to be deleted: cancel that (aws kms cancel-key-deletion) or name another key",
    "PendingImport": "waits for its key material: import it, or name another key",
    "PendingReplicaDeletion": "is waiting to be deleted: name another key",
    "Unavailable": "is unavailable: look at its custom key store, or name another key",
}


@dataclass(frozen=True)
class KeyReference:
    """A key as the user named it.

    :param text: as given.
    :param region: of an ARN, else None.
    :param is_arn: C(arn:...:key/...) or C(arn:...:alias/...).
    :param is_alias: C(alias/...) or C(arn:...:alias/...).
    """

    text: str
    region: str | None
    is_arn: bool
    is_alias: bool


def parse_key(key: str, option: str = "kms_key_id") -> KeyReference:
    """Read a key id, key ARN, alias name or alias ARN; makes no call."""
    text = key.strip()
    if _KEY_ID.fullmatch(text):
        return KeyReference(text, None, is_arn=False, is_alias=False)
    if _ALIAS.fullmatch(text):
        return KeyReference(text, None, is_arn=False, is_alias=True)
    found = _ARN.fullmatch(text)
    if found:
        resource = found["resource"]
        if _ALIAS.fullmatch(resource) or _KEY_ID.fullmatch(resource.removeprefix("key/")):
            return KeyReference(text, found["region"], is_arn=True, is_alias=resource.startswith("alias/"))
    raise MlflowError(
        f"{option}: '{key}' is no KMS key. Give a key id (1234abcd-12ab-34cd-56ef-1234567890ab or mrk-...), "
        "a key ARN (arn:aws:kms:<region>:<account>:key/<id>), an alias (alias/<name>) or an alias ARN."
    )


def known_arn(reference: KeyReference, identity: Identity, option: str = "kms_key_id") -> str | None:
    """The key's ARN as far as the reference and the caller's account tell it; None for an alias."""
    check_region(reference, identity.region, option)
    if reference.is_alias:
        return None
    if reference.is_arn:
        return reference.text
    return f"arn:{identity.partition}:kms:{identity.region}:{identity.account_id}:key/{reference.text}"


def check_region(
    reference: KeyReference, region: str, option: str = "kms_key_id", users: str = "the bucket and MLflow are"
) -> None:
    """S3 and SageMaker encrypt with keys of their own region only."""
    if reference.region is not None and reference.region != region:
        raise MlflowError(
            f"{option}: the key '{reference.text}' is in {reference.region}, {users} in {region}. "
            f"Name a key of {region} (a multi-Region key has a replica ARN in each region)."
        )


def key_of_alias(clients: Clients, reference: KeyReference, option: str = "kms_key_id") -> str:
    """The ARN of the key that an alias points at (kms:DescribeKey), checked to be one that S3 can use."""
    metadata = _described(clients, reference, option)
    _check_usable(metadata, reference, option)
    return str(metadata["Arn"])


def arn_to_compare(clients: Clients, reference: KeyReference, identity: Identity, option: str = "kms_key_id") -> str:
    """The key's ARN, whatever state the key is in (kms:DescribeKey for an alias)."""
    return known_arn(reference, identity, option) or str(_described(clients, reference, option)["Arn"])


def _described(clients: Clients, reference: KeyReference, option: str) -> Mapping[str, t.Any]:
    try:
        answer = clients["kms"].describe_key(KeyId=reference.text)
    except AWS_ERRORS as error:
        if is_error(error, ("NotFoundException",)):
            where = f" in {reference.region}" if reference.region else ""
            raise MlflowError(
                f"{option}: there is no KMS key '{reference.text}'{where} in this account. "
                "List the aliases (aws kms list-aliases) or name the key by its ARN."
            ) from error
        raise MlflowError(explain(error, f"looking up {option} '{reference.text}'")) from error
    metadata: Mapping[str, t.Any] = answer["KeyMetadata"]
    return metadata


def _check_usable(metadata: Mapping[str, t.Any], reference: KeyReference, option: str) -> None:
    state = metadata.get("KeyState", "Enabled")
    if state in _UNUSABLE:
        raise MlflowError(f"{option}: the key '{reference.text}' ({metadata['Arn']}) {_UNUSABLE[state]}.")
    usage, spec = metadata.get("KeyUsage", "ENCRYPT_DECRYPT"), metadata.get("KeySpec", "SYMMETRIC_DEFAULT")
    if usage != "ENCRYPT_DECRYPT" or spec != "SYMMETRIC_DEFAULT":
        raise MlflowError(
            f"{option}: the key '{reference.text}' ({metadata['Arn']}) is {spec} for {usage}; "
            "S3 needs a symmetric encryption key (SYMMETRIC_DEFAULT, ENCRYPT_DECRYPT)."
        )
