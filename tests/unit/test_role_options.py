# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of iam_mlflow_role: normal forms, and what is refused before the first call."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _role_options as role_options
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

READ = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::x"}],
}
DEFAULTS: dict[str, t.Any] = {
    "name": "role",
    "state": "present",
    "artifact_store_uri": "s3://bucket",
    "kms_key_id": None,
    "artifact_deletion": False,
    "model_registration": False,
    "confused_deputy_protection": True,
    "source_account": None,
    "source_arn": None,
    "inline_policies": None,
    "managed_policies": None,
    "permissions_boundary": None,
    "path": None,
    "description": None,
    "max_session_duration": None,
    "tags": None,
    "purge_inline_policies": False,
    "purge_managed_policies": False,
    "purge_tags": False,
}


def wish(**options: t.Any) -> role_options.RoleWish:
    """The wish from these options and the defaults of the module."""
    return role_options.wish_from({**DEFAULTS, **options}, "us-east-1")


STORES = {
    "s3://bucket": ("bucket", ""),
    "s3://bucket/": ("bucket", ""),
    "s3://my.bucket-1/team/a/": ("my.bucket-1", "team/a"),
    "s3://bucket/Team A": ("bucket", "Team A"),
}


@pytest.mark.parametrize(("uri", "place"), STORES.items())
def test_the_artifact_store_is_a_bucket_and_a_prefix(uri: str, place: tuple[str, str]) -> None:
    made = wish(artifact_store_uri=uri)
    assert (made.bucket, made.prefix) == place


REFUSED: dict[str, dict[str, t.Any]] = {
    "name: '.*' has 65 characters": {"name": "a" * 65},
    "name: '' has 0 characters": {"name": ""},
    "name: 'my role' is not allowed": {"name": "my role"},
    "artifact_store_uri: 'bucket/prefix' is no place in S3": {"artifact_store_uri": "bucket/prefix"},
    "artifact_store_uri: 's3://Bucket'": {"artifact_store_uri": "s3://Bucket"},
    "wildcards in a policy": {"artifact_store_uri": "s3://bucket/*"},
    "kms_key_id: 'mlflow' is no KMS key": {"kms_key_id": "mlflow"},
    "is in eu-west-1, the bucket": {"kms_key_id": "arn:aws:kms:eu-west-1:123456789012:alias/mlflow"},
    "source_account: '123' is no account id": {"source_account": "123"},
    "source_arn: 'arn:aws:s3:::x' is not allowed": {"source_arn": ["arn:aws:s3:::x"]},
    "confused_deputy_protection=false": {"confused_deputy_protection": False, "source_account": "123456789012"},
    r"inline_policies\['a b'\]": {"inline_policies": {"a b": READ}},
    r"inline_policies\['MLflowBasicAccess'\]: this policy is built from": {
        "inline_policies": {"MLflowBasicAccess": READ}
    },
    r"inline_policies\['team'\]: this is not JSON": {"inline_policies": {"team": "{"}},
    r"inline_policies\['team'\], statement 1: 'Action'": {
        "inline_policies": {"team": {"Statement": {"Effect": "Allow", "Resource": "x"}}}
    },
    "inline_policies: together 10[0-9]+ characters": {
        "inline_policies": {
            "big": {
                "Statement": {
                    "Effect": "Allow",
                    "Action": "s3:GetObject",
                    "Resource": ["x" * 1050 + str(n) for n in range(10)],
                }
            }
        }
    },
    "managed_policies: 'arn:aws:s3:::x' is not allowed": {"managed_policies": ["arn:aws:s3:::x"]},
    "artifact_store_uri: '' is no place in S3": {"artifact_store_uri": None},
    "managed_policies: 'x\n' is not allowed": {"managed_policies": ["x\n"]},
    "managed_policies: 'a policy' is not allowed": {"managed_policies": ["a policy"]},
    "permissions_boundary: 'boundary' is not allowed": {"permissions_boundary": "boundary"},
    "path: 'mlflow' is not allowed": {"path": "mlflow"},
    "path: '/.*' has 514 characters": {"path": f"/{'a' * 512}/"},
    "description: .* is not allowed": {"description": "日本"},
    "description: '.*' has 1001 characters": {"description": "a" * 1001},
    "max_session_duration: 60 is not allowed": {"max_session_duration": 60},
    "max_session_duration: 43201 is not allowed": {"max_session_duration": 43201},
    "tags: the key 'aws:x'": {"tags": {"aws:x": "y"}},
}


@pytest.mark.parametrize(("message", "options"), REFUSED.items(), ids=REFUSED)
def test_what_aws_would_refuse_is_refused_here(message: str, options: dict[str, t.Any]) -> None:
    with pytest.raises(MlflowError, match=message):
        wish(**options)


def test_what_is_left_out_is_not_asked_about() -> None:
    made = wish()
    asked = (made.inline_policies, made.managed_policies, made.permissions_boundary, made.path, made.tags, made.key)
    assert asked == (None, None, None, None, None, None)


def test_no_key_is_an_empty_key() -> None:
    assert wish(kms_key_id="").key is None
    assert wish(kms_key_id="").without_key
    assert not wish().without_key


def test_an_empty_boundary_and_description_remove_them() -> None:
    made = wish(permissions_boundary="", description="")
    assert (made.permissions_boundary, made.description) == ("", "")


def test_a_policy_may_be_json_text() -> None:
    assert wish(inline_policies={"team": json.dumps(READ)}).inline_policies == {"team": READ}


def test_an_absent_role_needs_a_name_only() -> None:
    made = wish(state="absent", artifact_store_uri=None)
    assert made == role_options.RoleWish(name="role", present=False, region="us-east-1")


def test_tags_are_text() -> None:
    assert wish(tags={"a": True, "b": 1}).tags == {"a": "true", "b": "1"}


def test_a_name_means_a_policy_of_aws() -> None:
    assert (
        role_options.policy_arn("job-function/DataScientist", "aws-cn")
        == "arn:aws-cn:iam::aws:policy/job-function/DataScientist"
    )
    assert role_options.policy_arn("arn:aws:iam::123456789012:policy/a", "aws") == "arn:aws:iam::123456789012:policy/a"
