# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The policy of the KMS key of an artifact store, as pure functions. Least privilege, stable order.

Who is named by a condition (C(aws:PrincipalArn)) need not exist yet, and a role that is made anew is still the same to the
key. The principal beside the condition is the account, so that an IAM policy must allow the use too.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policies import dns_suffix

if t.TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import Statement

ACCOUNT_SID = "AdministerByAccount"
ADMINISTRATORS_SID = "Administer"
USERS_SID = "UseForObjectsOfS3"
APP_DESCRIBE_SID = "DescribeForMLflowApps"
APP_GRANT_SID = "GrantToMLflowApps"
SIDS = (ACCOUNT_SID, ADMINISTRATORS_SID, USERS_SID, APP_DESCRIBE_SID, APP_GRANT_SID)

ADMINISTRATION = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:ReplicateKey",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
    "kms:UpdatePrimaryRegion",
)
"""Everything about the key itself, and nothing that reads or writes data: no Decrypt, no CreateGrant."""
GRANTED_TO_APPS = (
    "CreateGrant",
    "Decrypt",
    "DescribeKey",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
    "RetireGrant",
)
"""What SageMaker may be granted on the key of an MLflow App, as AWS documents it."""

_ACCOUNT = re.compile(r"[0-9]{12}")
_LOCAL = re.compile(r"(role|user)/[A-Za-z0-9+=,.@_/*?-]{1,576}")
_ARN = re.compile(r"arn:(aws[a-z-]*):iam::([0-9]{12}):(root|(role|user)/[A-Za-z0-9+=,.@_/*?-]{1,576})")


def checked_principal(option: str, name: str, *, wildcards: bool) -> str:
    """A principal as the user may name it; C(wildcards) also lets in patterns of names."""
    text = str(name).strip()
    is_known = any(form.fullmatch(text) for form in (_ACCOUNT, _LOCAL, _ARN))
    if not is_known or ("//" in text or text.endswith("/")):
        raise MlflowError(
            f"{option}: '{text[:120]}' is no principal. Give the ARN of an IAM role or user, role/<path and name> or "
            "user/<name> of this account, or an account id (12 digits in quotes)."
        )
    if not wildcards and ("*" in text or "?" in text):
        raise MlflowError(f"{option}: '{text}' has a wildcard, and AWS takes none there: name each role or user.")
    return text


def principal_arn(name: str, partition: str, account_id: str) -> str:
    """The ARN of a principal that was checked; of an account its root."""
    if name.startswith("arn:"):
        return name
    if _ACCOUNT.fullmatch(name):
        return f"arn:{partition}:iam::{name}:root"
    return f"arn:{partition}:iam::{account_id}:{name}"


def administration_statements(partition: str, account_id: str, administrators: Sequence[str]) -> list[Statement]:
    """The account itself, so that nobody can be locked out: its root user, and whoever IAM allows. Then who is named."""
    statements = [_allow(ACCOUNT_SID, [f"arn:{partition}:iam::{account_id}:root"], ADMINISTRATION)]
    if administrators:
        statements.append(_allow(ADMINISTRATORS_SID, sorted(set(administrators)), ADMINISTRATION))
    return statements


def use_statement(partition: str, region: str, users: Sequence[str], buckets: Sequence[str]) -> Statement:
    """For the objects of S3, and of these buckets only when there are any: S3 tells KMS the bucket or the object."""
    statement = _allow_named(USERS_SID, users, ["kms:Decrypt", "kms:GenerateDataKey"])
    condition = statement["Condition"]
    condition["StringEquals"] = {"kms:ViaService": f"s3.{region}.{dns_suffix(partition)}"}
    if buckets:
        patterns = [pattern for bucket in sorted(set(buckets)) for pattern in (bucket, f"{bucket}/*")]
        condition["StringLike"] = {
            "kms:EncryptionContext:aws:s3:arn": [f"arn:{partition}:s3:::{pattern}" for pattern in patterns]
        }
    return statement


def app_statements(partition: str, region: str, creators: Sequence[str]) -> list[Statement]:
    """Whoever creates an App hands the key to SageMaker, by a grant that SageMaker asks for in their name."""
    via = {"kms:ViaService": f"sagemaker.{region}.{dns_suffix(partition)}"}
    describe = _allow_named(APP_DESCRIBE_SID, creators, ["kms:DescribeKey"])
    describe["Condition"]["StringEquals"] = via
    grant = _allow_named(APP_GRANT_SID, creators, ["kms:CreateGrant"])
    grant["Condition"]["StringEquals"] = via
    grant["Condition"]["ForAllValues:StringEquals"] = {"kms:GrantOperations": list(GRANTED_TO_APPS)}
    return [describe, grant]


def _allow_named(sid: str, principals: Sequence[str], actions: Sequence[str]) -> Statement:
    """The accounts of the principals, narrowed to the principals themselves."""
    accounts = sorted({":".join(arn.split(":")[:5]) for arn in principals})
    names = sorted({f"{arn[: -len('root')]}*" if arn.endswith(":root") else arn for arn in principals})
    statement = _allow(sid, [f"{account}:root" for account in accounts], actions)
    statement["Condition"] = {"ArnLike": {"aws:PrincipalArn": names}}
    return statement


def _allow(sid: str, principals: Sequence[str], actions: Sequence[str]) -> Statement:
    """In the policy of a key, the resource C(*) is the key."""
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": list(principals)},
        "Action": sorted(actions),
        "Resource": "*",
    }
