# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tracking servers and Apps as an inventory, through ansible-inventory."""

from __future__ import annotations

import json
import typing as t
from collections import Counter

import ansible_run
import pytest
import yaml
from inventory_run import Sources
from local_region import ACCOUNT, REGION
from mlflow_account import make_app, make_servers, make_user, needs

if t.TYPE_CHECKING:
    from pathlib import Path

    from local_region import LocalRegion
    from module_run import Modules

SERVERS, SERVER = "sagemaker:ListMlflowTrackingServers", "sagemaker:DescribeMlflowTrackingServer"
APPS, APP = "sagemaker:ListMlflowApps", "sagemaker:DescribeMlflowApp"
TAGS = "sagemaker:ListTags"
REGIONS = ["us-east-1", "eu-west-1", "ap-southeast-2"]


@pytest.fixture
def sources(region: LocalRegion, tmp_path: Path) -> Sources:
    return Sources(region, tmp_path)


def tags(**values: str) -> list[dict[str, str]]:
    """Tags as AWS takes them."""
    return [{"Key": key, "Value": value} for key, value in values.items()]


def needs_in(region: LocalRegion, name: str) -> dict[str, str]:
    """A role, and a bucket in another region: what every create there asks for."""
    role = needs(region)["RoleArn"]
    bucket, where = f"artifacts-{name}", {"LocationConstraint": name}
    made = {} if name == REGION else {"CreateBucketConfiguration": where}
    region.client("s3", region_name=name).create_bucket(Bucket=bucket, **made)
    return {"ArtifactStoreUri": f"s3://{bucket}", "RoleArn": role}


def fill(region: LocalRegion, name: str, servers: int, apps: int) -> None:
    """Servers and Apps in one region; every second one is of the team vision, and the first server is stopped."""
    client, common, teams = region.client("sagemaker", region_name=name), needs_in(region, name), ("vision", "speech")
    for number in range(servers):
        team = tags(Team=teams[number % 2])
        client.create_mlflow_tracking_server(TrackingServerName=f"server-{name}-{number:02}", Tags=team, **common)
    for number in range(apps):
        client.create_mlflow_app(Name=f"app-{name}-{number:02}", Tags=tags(Team=teams[number % 2]), **common)
    client.stop_mlflow_tracking_server(TrackingServerName=f"server-{name}-00")


def test_three_regions_with_forty_each(region: LocalRegion, sources: Sources) -> None:
    region.configure(tracking_server_quota=20, app_quota=20)
    make_app(region, "elsewhere", Tags=tags(Team="speech"))
    region.client("sagemaker").delete_mlflow_app(Arn=make_app(region, "gone"))
    for name in REGIONS:
        fill(region, name, 20, 19 if name == REGION else 20)
    options = {
        "regions": REGIONS,
        "keyed_groups": [{"key": "mlflow_tags.Team", "prefix": "team"}],
        "groups": {"stopped_or_app": "mlflow_kind == 'app' or not mlflow_is_active"},
        "compose": {"owner": "mlflow_tags.Team ~ '@example.com'", "ansible_connection": "'local'"},
        "strict": True,
        "cache": True,
        "cache_plugin": "ansible.builtin.jsonfile",
        "cache_connection": str(sources.folder / "cache"),
    }
    found = sources.read(**options)
    assert found.warnings == ""
    assert len(found.hosts) == 120
    assert found.calls == {SERVERS: 3, APPS: 3, SERVER: 60, APP: 60, TAGS: 120}

    servers = {f"server-{name}-{number:02}" for name in REGIONS for number in range(20)}
    apps = set(found.hosts) - servers
    stopped = {f"server-{name}-00" for name in REGIONS}
    vision = {host for host in found.hosts if host[-1] in "02468" and host != "elsewhere"}
    groups = found.groups
    assert groups["sagemaker_mlflow"] == servers | apps
    assert groups["mlflow_tracking_servers"] == servers
    assert groups["mlflow_apps"] == apps
    assert groups["mlflow_region_eu_west_1"] == {host for host in found.hosts if "eu-west-1" in host}
    assert groups["mlflow_status_stopped"] == groups["mlflow_tracking_servers_inactive"] == stopped
    assert groups["mlflow_status_created"] == (servers | apps) - stopped
    assert groups["mlflow_tracking_servers_active"] == servers - stopped
    assert groups["mlflow_tag_Team_vision"] == groups["team_vision"] == vision
    assert groups["mlflow_tag_Team_speech"] == groups["team_speech"] == (servers | apps) - vision
    assert groups["stopped_or_app"] == apps | stopped
    assert found.hosts["elsewhere"]["owner"] == "speech@example.com"

    again = sources.read(**options)
    assert (again.calls, again.told) == (Counter(), found.told)


def test_the_variables_of_a_host(region: LocalRegion, sources: Sources, modules: Modules) -> None:
    (server,) = make_servers(region, "one", MlflowVersion="3.0", Tags=tags(Team="vision"))
    app = make_app(region, "two")
    hosts = sources.read().hosts
    assert hosts["one"]["mlflow_tracking_uri"] == hosts["one"]["mlflow_arn"] == server
    assert hosts["two"]["mlflow_tracking_uri"] == hosts["two"]["mlflow_arn"] == app
    for name, kind, version in (("one", "tracking_server", "3.0.0"), ("two", "app", "3.10.1")):
        expected = {
            "mlflow_kind": kind,
            "mlflow_region": REGION,
            "mlflow_account_id": ACCOUNT,
            "mlflow_name": name,
            "mlflow_status": "Created",
            "mlflow_version": version,
            "mlflow_artifact_store_uri": "s3://artifacts-of-others",
        }
        assert {key: hosts[name][key] for key in expected} == expected
    assert hosts["one"]["mlflow_tracking_server_size"] == "Small"
    assert hosts["one"]["mlflow_tags"] == {"Team": "vision"}
    (server,) = modules.run("sagemaker_mlflow_server_info").result["tracking_servers"]
    (app,) = modules.run("sagemaker_mlflow_app_info").result["mlflow_apps"]
    for host, described in (("one", server), ("two", app)):
        for key, value in described.items():
            assert hosts[host][key if key.startswith("mlflow_") else f"mlflow_{key}"] == value


def test_an_empty_account(sources: Sources) -> None:
    found = sources.read()
    assert found.hosts == {}
    assert {"sagemaker_mlflow", "mlflow_apps", "mlflow_tracking_servers"} <= set(found.told["all"]["children"])
    assert found.calls == {SERVERS: 1, APPS: 1}


def test_filters(region: LocalRegion, sources: Sources) -> None:
    make_servers(region, "old", MlflowVersion="2.16", Tags=tags(Team="vision", Stage="test"))
    make_servers(region, "new", MlflowVersion="3.0", Tags=tags(Team="speech"))
    make_app(region, "app", Tags=tags(Team="vision"))
    region.client("sagemaker").stop_mlflow_tracking_server(TrackingServerName="old")
    cases: dict[str, tuple[dict[str, t.Any], set[str]]] = {
        "apps": ({"kinds": ["app"]}, {"app"}),
        "servers": ({"kinds": ["tracking_server"]}, {"old", "new"}),
        "stopped": ({"statuses": ["Stopped", "Updated"]}, {"old"}),
        "new_version": ({"mlflow_version": "3.0"}, {"new"}),
        "after": ({"created_after": "2100-01-01"}, set()),
        "before": ({"created_before": "2100-01-01T00:00:00+02:00"}, {"old", "new", "app"}),
        "vision": ({"tags": {"Team": "vision"}}, {"old", "app"}),
        "staged": ({"tags": {"Team": "vision", "Stage": "*"}}, {"old"}),
    }
    files = [
        sources.write(f"{name}.sagemaker_mlflow.yml", groups={name: "true"}, **options)
        for name, (options, _expected) in cases.items()
    ]
    groups = sources.read(*files).groups
    assert {name: groups.get(name, set()) for name in cases} == {
        name: found for name, (_options, found) in cases.items()
    }


def test_templates(region: LocalRegion, sources: Sources) -> None:
    (sources.folder / "there").write_text("eu-west-1")
    needed = needs_in(region, "eu-west-1")
    uri = f"{needed['ArtifactStoreUri']}/{{{{1+1}}}}"
    client = region.client("sagemaker", region_name="eu-west-1")
    client.create_mlflow_app(Name="one", RoleArn=needed["RoleArn"], ArtifactStoreUri=uri)
    where = "{{ lookup('ansible.builtin.file', 'there') }}"
    found = sources.read(regions=[where], compose={"copied": "mlflow_artifact_store_uri"})
    assert set(found.hosts) == {"one"}
    # It was written by whoever may make an App.
    play = [{"hosts": "one", "gather_facts": False, "tasks": [{"ansible.builtin.debug": {"var": "copied"}}]}]
    play[0]["connection"] = "local"
    (sources.folder / "play.yml").write_text(yaml.safe_dump(play))
    source = sources.write(regions=[where], compose={"copied": "mlflow_artifact_store_uri"})
    done = ansible_run.run(region, sources.folder, "ansible-playbook", "-i", source, "play.yml")
    assert done.code == 0, done.output
    assert "/{{1+1}}" in done.output


def test_fewer_calls(region: LocalRegion, sources: Sources) -> None:
    make_servers(region, "one", "two", Tags=tags(Team="vision"))
    region.client("sagemaker").stop_mlflow_tracking_server(TrackingServerName="two")
    found = sources.read(include_tags=False)
    assert found.calls == {SERVERS: 1, SERVER: 2, APPS: 1}
    found = sources.read(include_tags=False, include_details=False)
    assert found.calls == {SERVERS: 1, APPS: 1}
    assert found.groups["mlflow_tracking_servers_active"] == {"one"}
    assert found.groups["mlflow_tracking_servers_inactive"] == {"two"}
    assert found.hosts["one"]["mlflow_tracking_uri"].endswith("mlflow-tracking-server/one")
    found = sources.read(include_details=False)
    assert found.calls == {SERVERS: 1, APPS: 1, TAGS: 2}
    assert found.groups["mlflow_tag_Team_vision"] == {"one", "two"}


def test_the_groups_that_are_wanted(region: LocalRegion, sources: Sources) -> None:
    make_servers(region, "one", Tags=tags(Team="vision"))
    for wanted, expected in (([], set()), (["region"], {"mlflow_region_us_east_1"})):
        assert set(sources.read(builtin_groups=wanted).groups) == {"sagemaker_mlflow"} | expected


def test_namesakes_stay_apart(region: LocalRegion, sources: Sources) -> None:
    region.configure(app_names_unique=False)
    make_servers(region, "mlflow", "alone")
    make_app(region, "mlflow")
    twins = [make_app(region, "twin", Tags=tags(Name="a")), make_app(region, "twin", Tags=tags(Name="b"))]
    found = sources.read()
    same = {"mlflow.tracking_server.us-east-1", "mlflow.app.us-east-1"}
    told_apart = {f"twin.app.us-east-1.{arn.rpartition('/')[2]}" for arn in twins}
    assert set(found.hosts) == {"alone"} | same | told_apart
    assert "mlflow is mlflow.app.us-east-1" in found.warnings
    assert found.groups["mlflow_apps"] == {"mlflow.app.us-east-1"} | told_apart
    found = sources.read(hostnames=["tag:Name", {"name": "mlflow_name", "prefix": "mlflow_kind", "separator": "-"}])
    assert set(found.hosts) == {"a", "b", "tracking_server-mlflow", "tracking_server-alone", "app-mlflow"}
    assert found.warnings == ""


def test_two_sources_merge_only_what_is_the_same(region: LocalRegion, sources: Sources) -> None:
    make_servers(region, "mlflow")
    there = region.client("sagemaker", region_name="eu-west-1")
    there.create_mlflow_tracking_server(TrackingServerName="mlflow", **needs_in(region, "eu-west-1"))
    files = [
        sources.write("1.sagemaker_mlflow.yml"),
        sources.write("2.sagemaker_mlflow.yaml", regions=["us-east-1", "eu-west-1"], hostnames=["mlflow_region"]),
        sources.write("3.sagemaker_mlflow.yml", regions=["eu-west-1"]),
    ]
    hosts = sources.read(*files).hosts
    assert {name: host["mlflow_region"] for name, host in hosts.items()} == {
        "mlflow": "us-east-1",
        "us-east-1": "us-east-1",
        "eu-west-1": "eu-west-1",
        "mlflow.tracking_server.eu-west-1": "eu-west-1",
    }


def test_the_cache_answers_only_the_same_question(region: LocalRegion, sources: Sources) -> None:
    make_servers(region, "one", Tags=tags(Team="vision"))
    cache: dict[str, t.Any] = {
        "cache": True,
        "cache_plugin": "ansible.builtin.jsonfile",
        "cache_connection": str(sources.folder / "c"),
    }
    assert set(sources.read(**cache).hosts) == {"one"}
    make_servers(region, "two")
    renamed = sources.read(**cache, hostnames=["mlflow_arn"], keyed_groups=[{"key": "mlflow_tags", "prefix": "is"}])
    assert renamed.calls == {}
    assert renamed.groups["is_Team_vision"] == {f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:mlflow-tracking-server/one"}
    assert set(sources.read(**cache, kinds=["tracking_server"]).hosts) == {"one", "two"}
    assert sources.read(**cache, kinds=["tracking_server"]).calls == {}
    make_servers(region, "three")
    flushed = sources.run("my.sagemaker_mlflow.yml", "--flush-cache")
    assert Counter(flushed.calls) == {SERVERS: 1, SERVER: 3, TAGS: 3}
    assert set(sources.read(**cache, kinds=["tracking_server"]).hosts) == {"one", "two", "three"}
    secret = region.environment["AWS_SECRET_ACCESS_KEY"]
    assert not [file for file in (sources.folder / "c").iterdir() if secret in file.read_text()]


def test_the_role_of_another_account_is_assumed_once_and_not_for_the_cache(
    region: LocalRegion, sources: Sources
) -> None:
    make_servers(region, "one")
    iam = region.client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    may = {"Effect": "Allow", "Action": [SERVERS, SERVER, APPS, APP, TAGS], "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    iam.put_role_policy(RoleName="reader", PolicyName="only", PolicyDocument=policy)
    keys = make_user(region, "sts:AssumeRole")
    options: dict[str, t.Any] = {"assume_role_arn": role, "endpoint_url": region.endpoint, "regions": REGIONS, **keys}
    options |= {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": "cache"}
    found = sources.read(**options)
    assert set(found.hosts) == {"one"}
    assert found.calls["sts:AssumeRole"] == 1
    assert sources.read(**options).calls == {}
    denied = sources.fail(**{**options, "assume_role_arn": f"{role}-of-others"})
    assert f"Failed while assuming the role {role}-of-others" in denied.warnings


def test_the_documented_permissions_are_needed(region: LocalRegion, sources: Sources) -> None:
    make_servers(region, "one")
    make_app(region, "two")
    keys = make_user(region, SERVERS, SERVER, APPS, TAGS)
    failed = sources.fail(**keys)
    assert "us-east-1: Failed while reading the MLflow App" in failed.warnings
    assert "Or set strict_permissions: false to leave out what may not be read." in failed.warnings
    cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": "cache"}
    for _time in ("read", "from the cache"):
        found = sources.read(**keys, **cache, strict_permissions=False)
        assert set(found.hosts) == {"one"}
        assert "The inventory has no MLflow Apps of this Region." in found.warnings
    assert found.calls == {}
    assert set(sources.read(**keys, kinds=["tracking_server"]).hosts) == {"one"}


def test_a_region_that_is_denied(region: LocalRegion, sources: Sources) -> None:
    for name in REGIONS[:2]:
        fill(region, name, 1, 1)
    keys = make_user(region, "sagemaker:*")
    deny: dict[str, t.Any] = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    deny["Condition"] = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    region.client("iam").put_user_policy(UserName="ana", PolicyName="here", PolicyDocument=policy)
    failed = sources.fail(**keys, regions=REGIONS[:2])
    assert "eu-west-1: Failed while listing the tracking servers in eu-west-1" in failed.warnings
    found = sources.read(**keys, regions=REGIONS[:2], strict_permissions=False)
    assert set(found.hosts) == {"server-us-east-1-00", "app-us-east-1-00"}
    assert "no tracking servers of this Region" in found.warnings
    assert "no MLflow Apps of this Region" in found.warnings


def test_throttling_passes_and_other_failures_are_told(region: LocalRegion, sources: Sources) -> None:
    make_servers(region, "one")
    throttled = {"code": "ThrottlingException", "message": "Rate exceeded", "status": 400, "times": 2}
    for operation in ("ListMlflowApps", "DescribeMlflowTrackingServer", "ListTags"):
        region.inject({"service": "sagemaker", "operation": operation, **throttled})
    assert set(sources.read().hosts) == {"one"}
    broken = {"code": "ValidationException", "message": "no", "status": 400, "times": 1}
    region.inject({"service": "sagemaker", "operation": "DescribeMlflowTrackingServer", **broken})
    failed = sources.fail(strict_permissions=False)
    assert "us-east-1: Failed while reading the tracking server 'one'" in failed.warnings


BAD: list[tuple[dict[str, t.Any], str]] = [
    ({"regions": ["cn-north-1"]}, "China"),
    ({"kinds": ["server"]}, "server"),
    ({"statuses": ["Deleted"]}, "Deleted"),
    ({"created_after": "yesterday"}, "created_after: 'yesterday' is not a time"),
    ({"mlflow_version": "3"}, "mlflow_version: '3' is not an MLflow version"),
    ({"tags": {"Team": "x"}, "include_tags": False}, "tags: include_tags: false does not read any"),
    ({"hostnames": ["name"]}, "hostnames: 'name' is no variable of a host: give tag:<key> or one of mlflow_account"),
    ({"hostnames": [{"prefix": "mlflow_kind"}]}, "hostnames: {'prefix': 'mlflow_kind'} is not understood"),
]


def test_bad_input_makes_no_call(sources: Sources) -> None:
    files = [sources.write(f"{number}.sagemaker_mlflow.yml", **options) for number, (options, _text) in enumerate(BAD)]
    done = sources.run(*files, ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="false")
    assert [message for _options, message in BAD if message not in done.warnings] == []
    assert done.calls == []


def test_no_region(sources: Sources) -> None:
    done = sources.run(sources.write(), AWS_REGION="", AWS_DEFAULT_REGION="", AWS_CONFIG_FILE="/dev/null")
    assert "No region is known" in done.warnings
    assert done.calls == []


def test_files_of_other_names_are_left_alone(region: LocalRegion, sources: Sources) -> None:
    make_servers(region, "one")
    done = sources.run(sources.write("mlflow.yml"))
    assert done.code != 0
    assert done.calls == []
