# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tracking servers and Apps as hosts: names that never meet, variables, groups."""

from __future__ import annotations

import typing as t

import pytest
import yaml

from ansible_collections.mlops.sagemaker_mlflow.plugins.inventory import sagemaker_mlflow
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _mlflow_app_info, _tracking_server_info
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils import _inventory_hosts as hosts

OPTIONS = yaml.safe_load(sagemaker_mlflow.DOCUMENTATION)["options"]
SERVER, APP = "tracking_server", "app"


def host(name: str, kind: str = APP, region: str = "eu-west-1", end: str = "", **tags: str) -> dict[str, t.Any]:
    """As much of a host as names and groups ask for."""
    path = {SERVER: f"mlflow-tracking-server/{name}", APP: f"mlflow-app/app-{end or name.upper()}"}[kind]
    return {
        "mlflow_arn": f"arn:aws:sagemaker:{region}:123456789012:{path}",
        "mlflow_kind": kind,
        "mlflow_name": name,
        "mlflow_region": region,
        "mlflow_status": "CreateFailed",
        "mlflow_is_active": False,
        "mlflow_tags": tags,
    }


def named(found: list[dict[str, t.Any]], *preferred: t.Any, taken: dict[str, str] | None = None) -> list[str]:
    """The host names, in the order of the hosts."""
    names = hosts.host_names(found, hosts.preferences(preferred or ["mlflow_name"]), taken or {})
    return [names[each["mlflow_arn"]] for each in found]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([], []),
        ([host("a"), host("b")], ["a", "b"]),
        ([host("a", SERVER), host("a", APP), host("b")], ["a.tracking_server.eu-west-1", "a.app.eu-west-1", "b"]),
        ([host("a"), host("a", region="us-east-1")], ["a.app.eu-west-1", "a.app.us-east-1"]),
        (
            [host("a", end="1"), host("a", end="2"), host("a", SERVER)],
            ["a.app.eu-west-1.app-1", "a.app.eu-west-1.app-2", "a.tracking_server.eu-west-1"],
        ),
    ],
)
def test_no_two_hosts_get_one_name(found: list[dict[str, t.Any]], expected: list[str]) -> None:
    assert named(found) == expected
    assert named(found[::-1]) == expected[::-1]


def test_a_name_that_looks_like_one_told_apart_is_told_apart_too() -> None:
    names = named(
        [host("a", end="1"), host("a", SERVER), host("b", end="2", Name="a.app.eu-west-1")], "tag:Name", "mlflow_name"
    )
    assert len(set(names)) == 3


def test_names_that_others_have() -> None:
    mine = host("a")
    assert named([mine], taken={"a": mine["mlflow_arn"]}) == ["a"]
    assert named([mine], taken={"a": "arn:other"}) == ["a.app.eu-west-1"]
    everything = dict.fromkeys(("a", "a.app.eu-west-1", "a.app.eu-west-1.app-A"), "arn:other")
    assert named([mine], taken=everything) == [mine["mlflow_arn"]]


def test_preferences() -> None:
    tagged, plain = host("a", Name="vision", Team="x"), host("b", Name="")
    assert named([tagged, plain], "tag:Name") == ["vision", "b"]
    assert named([tagged, plain], {"name": "tag:Name", "prefix": "tag:Team"}) == ["x_vision", "b"]
    by_region = {"name": "mlflow_name", "prefix": "mlflow_region", "separator": "-"}
    assert named([tagged, plain], by_region) == ["eu-west-1-a", "eu-west-1-b"]
    assert named([tagged, plain], {"name": "mlflow_name", "prefix": "tag:Team"}) == ["x_a", "b"]
    assert named([tagged], "mlflow_tags", "mlflow_kind") == ["app"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("mlflow_nam", "hostnames: 'mlflow_nam' is no variable of a host: give tag:<key> or one of"),
        (3, "hostnames: '3' is no variable"),
        ({"name": "mlflow_name", "prefix": "region"}, "hostnames: 'region' is no variable"),
        ({"name": "mlflow_name", "suffix": "x"}, "hostnames: .* is not understood"),
        ({"prefix": "mlflow_name"}, "hostnames: .* is not understood"),
    ],
)
def test_preferences_that_cannot_be_meant(given: t.Any, message: str) -> None:
    with pytest.raises(MlflowError, match=message):
        hosts.preferences([given])


def test_groups() -> None:
    server = host("a", SERVER, Team="vision")
    assert hosts.groups(server, OPTIONS["builtin_groups"]["default"]) == [
        "sagemaker_mlflow",
        "mlflow_tracking_servers",
        "mlflow_region_eu-west-1",
        "mlflow_status_create_failed",
        "mlflow_tracking_servers_inactive",
        "mlflow_tag_Team_vision",
    ]
    active = {**server, "mlflow_is_active": True, "mlflow_status": "MaintenanceInProgress", "mlflow_tags": None}
    assert hosts.groups(active, ("status", "tags")) == [
        "sagemaker_mlflow",
        "mlflow_status_maintenance_in_progress",
        "mlflow_tracking_servers_active",
    ]
    assert hosts.groups(host("a"), ("kind", "status")) == [
        "sagemaker_mlflow",
        "mlflow_apps",
        "mlflow_status_create_failed",
    ]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, True),
        ({"Team": "vision"}, True),
        ({"Team": "*"}, True),
        ({"Team": "speech"}, False),
        ({"Team": "vision", "Stage": "*"}, False),
    ],
)
def test_tags_that_are_asked_for(wanted: dict[str, str], expected: bool) -> None:
    assert hosts.has_tags(host("a", Team="vision"), wanted) is expected


def test_only_what_might_be_a_template_is_marked() -> None:
    value = {"a": "plain", "b": ["{{ 1 }}", 2, None], "c": {"d": "{% if %}"}}
    marked = hosts.not_a_template(value)
    assert marked == value
    assert marked["a"] is value["a"]


def test_every_status_but_that_of_what_is_gone_can_be_asked_for() -> None:
    statuses = {*_tracking_server_info.STATUSES, *_mlflow_app_info.STATUSES}
    assert set(OPTIONS["statuses"]["choices"]) == statuses - {"Deleted"}
    assert set(OPTIONS["kinds"]["choices"]) == set(hosts.KINDS)
