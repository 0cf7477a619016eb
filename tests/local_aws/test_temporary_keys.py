# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys of GetSessionToken and GetFederationToken: they open what they should, no more, and no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from local_callers import Keys, policy, refused

if TYPE_CHECKING:
    from local_callers import LocalAws

ACCOUNT = "123456789012"


def allow(*actions: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*"}


ONLY_S3 = policy(allow("s3:*"))


def keys_of(answer: dict[str, Any]) -> Keys:
    found = answer["Credentials"]
    return Keys(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])


def arn_of(local_aws: LocalAws, keys: Keys) -> str:
    return str(local_aws.client("sts", keys).get_caller_identity()["Arn"])


def test_a_session_has_the_rights_of_its_user(local_aws: LocalAws) -> None:
    ann = local_aws.user("ann", allow("s3:*"))
    keys = keys_of(local_aws.client("sts", ann).get_session_token())
    assert arn_of(local_aws, keys) == f"arn:aws:iam::{ACCOUNT}:user/ann"
    local_aws.region.configure(iam_enforcement=True)
    local_aws.client("s3", keys).list_buckets()
    assert refused(local_aws.client("kms", keys).list_keys)[0] == "AccessDeniedException"


@pytest.mark.parametrize("user", ["ann", None], ids=["of a user", "of the root"])
def test_a_federated_user_has_what_the_policy_names(local_aws: LocalAws, user: str | None) -> None:
    owner = local_aws.user(user, allow("s3:*", "iam:*", "sts:*")) if user else local_aws.boot_keys
    local_aws.region.configure(iam_enforcement=True)
    sts = local_aws.client("sts", owner)
    answer = sts.get_federation_token(Name="guest", Policy=ONLY_S3)
    assert answer["FederatedUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:federated-user/guest"
    narrowed, nothing = keys_of(answer), keys_of(sts.get_federation_token(Name="nobody"))
    assert arn_of(local_aws, narrowed) == f"arn:aws:sts::{ACCOUNT}:federated-user/guest"
    local_aws.client("s3", narrowed).list_buckets()
    assert "no session policy allows the iam:ListRoles" in refused(local_aws.client("iam", narrowed).list_roles)[2]
    assert "no session policy allows" in refused(local_aws.client("s3", nothing).list_buckets)[2]


@pytest.mark.parametrize("operation", ["get_session_token", "get_federation_token"])
def test_temporary_keys_make_no_others(local_aws: LocalAws, operation: str) -> None:
    sts = local_aws.client("sts", keys_of(local_aws.client("sts").get_session_token()))
    options = {"Name": "guest"} if operation == "get_federation_token" else {}
    code, status, message = refused(lambda: getattr(sts, operation)(**options))
    assert (code, status, message.endswith("with session credentials")) == ("AccessDenied", 403, True)


def test_they_expire(local_aws: LocalAws) -> None:
    keys = keys_of(local_aws.client("sts").get_session_token(DurationSeconds=900))
    local_aws.admin("POST", "clock", {"advance": 901})
    assert refused(local_aws.client("sts", keys).get_caller_identity)[0] == "ExpiredToken"


def test_they_need_their_token(local_aws: LocalAws) -> None:
    keys = keys_of(local_aws.client("sts").get_session_token())
    without = Keys(keys.access_key, keys.secret_key)
    assert refused(local_aws.client("sts", without).get_caller_identity)[0] == "InvalidClientTokenId"


def test_they_are_saved_but_no_write(local_aws: LocalAws) -> None:
    """A run that only takes credentials has changed nothing of the user's."""
    local_aws.region.clear_log()
    keys = keys_of(local_aws.client("sts").get_session_token())
    assert local_aws.region.writes() == []
    local_aws.admin("POST", "save")
    assert keys.access_key.encode() in (local_aws.region.home / "snapshot").read_bytes()
