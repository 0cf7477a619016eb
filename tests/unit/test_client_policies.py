# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each client profile may do: the table of actions, and the policy that is made of it."""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _client_actions as client_actions
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._client_policies import (
    ClientAccess,
    allows_mlflow,
    client_policy,
    wider_than_named,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import as_list

if t.TYPE_CHECKING:
    from collections.abc import Iterable

Json = dict[str, t.Any]
BASE = "arn:aws:sagemaker:eu-west-1:123456789012"
SERVER, APP = f"{BASE}:mlflow-tracking-server/one", f"{BASE}:mlflow-app/app-ABC"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def policy(*profiles: str, arns: tuple[str, ...] = (SERVER,), **more: t.Any) -> dict[str, Json]:
    """The statements by their Sid."""
    access = ClientAccess(frozenset(profiles), arns, **more)
    return {statement["Sid"]: statement for statement in client_policy(access)["Statement"]}


def actions(statements: Iterable[Json], prefix: str = "") -> set[str]:
    """All actions with this prefix, without it."""
    found = (action for statement in statements for action in as_list(statement["Action"]))
    return {action.removeprefix(prefix) for action in found if action.startswith(prefix)}


def data_plane(profile: str) -> set[str]:
    return actions(policy(profile).values(), "sagemaker-mlflow:")


def test_the_table_has_the_61_actions() -> None:
    assert len(client_actions.ACTIONS) == 61
    assert frozenset().union(*client_actions.ACTIONS.values()) == frozenset(client_actions.PROFILES)


def test_each_profile_has_what_its_name_says() -> None:
    reader, writer, registry, admin = (data_plane(profile) for profile in ("reader", "writer", "registry", "admin"))
    assert all(action.startswith(("Get", "List", "Search")) for action in reader)
    assert len(reader) == 19
    assert reader < writer < admin
    assert reader < registry < admin
    assert admin == set(client_actions.ACTIONS)
    assert {"LogBatch", "CreateRun", "CreateModelVersion", "StartTrace"} <= writer - reader
    assert not any(action.startswith("Delete") and not action.endswith("Tag") for action in writer)
    assert {"SetRegisteredModelAlias", "DeleteRegisteredModel", "TransitionModelVersionStage"} <= registry - writer
    assert not any("Run" in action or "Experiment" in action or "Trace" in action for action in registry - reader)
    assert data_plane("ui") == {"AccessUI"}


def test_profiles_add_up() -> None:
    together = actions(policy("reader", "ui").values())
    assert together == actions(policy("reader").values()) | actions(policy("ui").values())


def test_only_the_ui_is_allowed_on_everything() -> None:
    statements = policy("admin", bucket="b", key_arn=KEY)
    everywhere = [sid for sid, statement in statements.items() if statement["Resource"] == "*"]
    assert everywhere == ["OpenUi"]
    assert statements["OpenUi"]["Action"] == "sagemaker-mlflow:AccessUI"


@pytest.mark.parametrize("profile", client_actions.PROFILES)
def test_an_app_has_one_right_for_every_profile(profile: str) -> None:
    statements = policy(profile, arns=(APP,))
    assert statements["UseApps"]["Action"] == "sagemaker:CallMlflowAppApi"
    assert statements["UseApps"]["Resource"] == APP
    assert actions(statements.values(), "sagemaker-mlflow:") <= {
        action for action in actions(statements.values()) if ":" in action
    }
    assert wider_than_named(ClientAccess(frozenset({profile}), (APP,))) is (profile != "admin")
    assert not wider_than_named(ClientAccess(frozenset({profile}), (SERVER,)))


@pytest.mark.parametrize(
    ("profile", "objects", "key"),
    [
        ("reader", {"GetObject"}, {"Decrypt"}),
        ("registry", {"GetObject"}, {"Decrypt"}),
        ("writer", {"GetObject", "PutObject"}, {"Decrypt", "GenerateDataKey"}),
        ("admin", {"GetObject", "PutObject", "DeleteObject"}, {"Decrypt", "GenerateDataKey"}),
        ("ui", set(), set()),
    ],
)
def test_the_rights_on_artifacts_fit_the_profile(profile: str, objects: set[str], key: set[str]) -> None:
    statements = policy(profile, bucket="b", prefix="team/a", key_arn=KEY)
    assert {action for action in actions(statements.values(), "s3:") if action.endswith("Object")} == objects
    assert actions(statements.values(), "kms:") == key
    resources = {name for statement in statements.values() for name in as_list(statement["Resource"])}
    assert {name for name in resources if ":s3:" in name} == (
        {"arn:aws:s3:::b", "arn:aws:s3:::b/team/a/*"} if objects else set()
    )
    if objects:
        assert statements["ListArtifacts"]["Condition"] == {"StringLike": {"s3:prefix": ["team/a", "team/a/*"]}}
        assert statements["UseKeyForArtifacts"]["Resource"] == KEY


def test_tags_limit_servers_and_apps_alone() -> None:
    statements = policy(
        "admin", arns=(SERVER, APP), bucket="b", resource_tags={"Team": "a"}, principal_tags=("Project",)
    )
    tests = {"aws:ResourceTag/Team": "a", "aws:ResourceTag/Project": "${aws:PrincipalTag/Project}"}
    conditioned = {
        sid for sid, statement in statements.items() if statement.get("Condition") == {"StringEquals": tests}
    }
    assert conditioned == {"UseTrackingServers", "LinkToTrackingServers", "UseApps", "LinkToApps"}


@pytest.mark.parametrize(
    ("key", "operator"),
    [("aws:SourceVpce", "StringEquals"), ("aws:SourceVpc", "StringEquals"), ("aws:SourceIp", "IpAddress")],
)
def test_sources_limit_every_request_of_the_client_itself(key: str, operator: str) -> None:
    """S3 calls KMS, not the client."""
    statements = policy("admin", arns=(SERVER, APP), bucket="b", prefix="p", key_arn=KEY, sources={key: ("x", "y")})
    for sid, statement in statements.items():
        assert (key in statement["Condition"].get(operator, {})) is (sid != "UseKeyForArtifacts")
    assert statements["ListArtifacts"]["Condition"]["StringLike"]


def test_further_actions_of_servers() -> None:
    access = ClientAccess(frozenset({"reader"}), (SERVER, APP), additional_actions=("CreateLoggedModel",))
    added = actions(client_policy(access)["Statement"]) - actions(
        client_policy(replace(access, additional_actions=()))["Statement"]
    )
    assert added == {"sagemaker-mlflow:CreateLoggedModel"}


@pytest.mark.parametrize(
    ("statement", "about_mlflow"),
    [
        ({"Effect": "Allow", "Action": "sagemaker-mlflow:*"}, True),
        ({"Effect": "Allow", "Action": ["s3:GetObject", "SageMaker:CallMlflowAppApi"]}, True),
        ({"Effect": "Deny", "Action": "sagemaker-mlflow:*"}, False),
        ({"Effect": "Allow", "Action": "sagemaker:*"}, False),
        ({"Effect": "Allow", "NotAction": "iam:*"}, False),
    ],
)
def test_which_policies_are_about_mlflow(statement: Json, about_mlflow: bool) -> None:
    assert allows_mlflow({"Statement": [statement]}) is about_mlflow


ALLOWED = {"Effect": "Allow", "Resource": SERVER}
TLS = {"StringEquals": {"aws:SourceVpce": "vpce-1"}}
TAGGED = {"StringEquals": {"aws:SourceVpce": "vpce-1", "aws:ResourceTag/a": "1", "aws:ResourceTag/b": "2"}}


def test_a_policy_word_for_word() -> None:
    access = ClientAccess(
        frozenset({"ui"}),
        (SERVER, APP),
        additional_actions=("Z", "A"),
        resource_tags={"b": "2", "a": "1"},
        sources={"aws:SourceVpce": ("vpce-1",)},
    )
    opened_server = ["sagemaker:CreatePresignedMlflowTrackingServerUrl", "sagemaker:DescribeMlflowTrackingServer"]
    opened_app = ["sagemaker:CreatePresignedMlflowAppUrl", "sagemaker:DescribeMlflowApp"]
    used = ["sagemaker-mlflow:A", "sagemaker-mlflow:Z"]
    assert client_policy(access) == {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "UseTrackingServers", **ALLOWED, "Action": used, "Condition": TAGGED},
            {"Sid": "LinkToTrackingServers", **ALLOWED, "Action": opened_server, "Condition": TAGGED},
            {"Sid": "UseApps", **ALLOWED, "Action": "sagemaker:CallMlflowAppApi", "Resource": APP, "Condition": TAGGED},
            {"Sid": "LinkToApps", **ALLOWED, "Action": opened_app, "Resource": APP, "Condition": TAGGED},
            {"Sid": "OpenUi", **ALLOWED, "Action": "sagemaker-mlflow:AccessUI", "Resource": "*", "Condition": TLS},
        ],
    }


def test_who_has_nothing_but_the_ui() -> None:
    assert list(policy("ui")) == ["LinkToTrackingServers", "OpenUi"]
    assert list(policy("ui", arns=(APP,))) == ["UseApps", "LinkToApps"]
    assert list(policy("reader", arns=(APP,))) == ["UseApps"]
    assert list(policy("reader", bucket="b")) == [
        "UseTrackingServers",
        "ReadArtifacts",
        "ListArtifacts",
        "LookAtBucket",
    ]
    assert list(policy("ui", bucket="b", key_arn=KEY)) == ["LinkToTrackingServers", "OpenUi"]
    several = policy("reader", arns=(SERVER, f"{SERVER}-2"))
    assert several["UseTrackingServers"]["Resource"] == [SERVER, f"{SERVER}-2"]
    china = (SERVER.replace(":aws:", ":aws-cn:"),)
    assert policy("reader", arns=china, bucket="b")["LookAtBucket"]["Resource"] == "arn:aws-cn:s3:::b"


def test_several_sources() -> None:
    sources = {"aws:SourceIp": ("203.0.113.1", "203.0.113.2"), "aws:SourceVpc": ("vpc-1",)}
    assert policy("reader", sources=sources)["UseTrackingServers"]["Condition"] == {
        "IpAddress": {"aws:SourceIp": ["203.0.113.1", "203.0.113.2"]},
        "StringEquals": {"aws:SourceVpc": "vpc-1"},
    }


@pytest.mark.parametrize("action", ["sagemaker:ListApps", "s3:mlflow", "mlflow:*", "x-sagemaker-mlflow:*"])
def test_what_only_sounds_like_mlflow(action: str) -> None:
    assert not allows_mlflow({"Statement": [{"Effect": "Allow", "Action": action}]})
