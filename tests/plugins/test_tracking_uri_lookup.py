# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup of a tracking URI, in playbooks."""

from __future__ import annotations

import json
import sys
import typing as t
from collections import Counter

import ansible_run
import yaml
from local_region import ACCOUNT, REGION
from mlflow_account import make_app, make_servers, make_user

if t.TYPE_CHECKING:
    from pathlib import Path

    from local_region import LocalRegion

SERVERS = "sagemaker:ListMlflowTrackingServers"
APPS = "sagemaker:ListMlflowApps"
WHO = "sts:GetCallerIdentity"


def look_up(
    region: LocalRegion, folder: Path, *lookups: str, **variables: str
) -> tuple[list[t.Any], Counter[str], list[str]]:
    """What each lookup returns, or the message that it fails with; the calls, and what ansible-playbook printed."""
    tasks: list[dict[str, t.Any]] = []
    for number, arguments in enumerate(lookups):
        template = f"{{{{ query('mlops.sagemaker_mlflow.tracking_uri', {arguments}) }}}}"
        tasks.append({"name": f"Look up {number}", "ansible.builtin.set_fact": {f"found_{number}": template}})
        tasks[-1] |= {"register": f"task_{number}", "ignore_errors": True}
    results = ", ".join(
        f"(found_{number} if task_{number} is succeeded else task_{number}.msg)" for number in range(len(lookups))
    )
    copy = {"content": f"{{{{ [{results}] | to_json }}}}", "dest": str(folder / "results.json")}
    tasks.append({"name": "Write down what was found", "ansible.builtin.copy": copy})
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
    play["vars"] = {"ansible_python_interpreter": sys.executable}
    (folder / "play.yml").write_text(yaml.safe_dump([play], sort_keys=False))
    done = ansible_run.run(region, folder, "ansible-playbook", "play.yml", **variables)
    assert done.code == 0, done.output + done.errors
    results_of_all = json.loads((folder / "results.json").read_text())
    return results_of_all, Counter(done.calls), [done.output, done.errors]


def test_names_of_either_kind(region: LocalRegion, tmp_path: Path) -> None:
    (server,) = make_servers(region, "old")
    app = make_app(region, "new")
    results, calls, _printed = look_up(
        region,
        tmp_path,
        "'new'",
        "'old', 'new', 'old'",
        "'old', kind='tracking_server'",
        "'new', kind='app'",
    )
    assert results == [[app], [server, app, server], [server], [app]]
    assert calls == {SERVERS: 3, APPS: 3}


def test_a_name_that_is_both(region: LocalRegion, tmp_path: Path) -> None:
    region.configure(app_names_unique=False)
    (server,) = make_servers(region, "same")
    app = make_app(region, "same")
    twins = [make_app(region, "twin"), make_app(region, "twin")]
    results, _calls, _printed = look_up(
        region, tmp_path, "'same'", "'same', kind='app'", "'same', kind='tracking_server'", "'twin'"
    )
    assert f"The name 'same' is that of more than one: tracking server {server}, MLflow App {app}." in results[0]
    assert "Say which, with kind=app or kind=tracking_server." in results[0]
    assert results[1:3] == [[app], [server]]
    assert all(f"MLflow App {twin}" in results[3] for twin in twins)
    assert "Rename or delete one, or write the ARN in place of this lookup." in results[3]


def test_what_is_gone_is_passed_over(region: LocalRegion, tmp_path: Path) -> None:
    old = make_app(region, "mlflow")
    only = make_app(region, "only")
    for arn in (old, only):
        region.client("sagemaker").delete_mlflow_app(Arn=arn)
    new = make_app(region, "mlflow")
    results, _calls, _printed = look_up(region, tmp_path, "'mlflow'", "'only'")
    assert results[0] == [new]
    assert "There is no tracking server and no MLflow App with the name 'only'." in results[1]
    assert f"The MLflow App {only} has the status Deleted." in results[1]


def test_a_name_that_is_not_there(region: LocalRegion, tmp_path: Path) -> None:
    make_servers(region, "mlflow-staging", "other")
    results, calls, _printed = look_up(
        region, tmp_path, "'mlflow-stagin'", "'mlflow-staging', region='eu-west-1'", "'mlflow-staging', kind='app'"
    )
    assert "There is no tracking server and no MLflow App with the name 'mlflow-stagin'." in results[0]
    assert f"Did you mean mlflow-staging? Looked in the account {ACCOUNT} in {REGION}." in results[0]
    assert "There are none with another name either. " in results[1]
    assert f"Looked in the account {ACCOUNT} in eu-west-1." in results[1]
    assert "There is no MLflow App with the name 'mlflow-staging'." in results[2]
    assert calls == {SERVERS: 2, APPS: 3, WHO: 3}


def test_bad_input_makes_no_call(region: LocalRegion, tmp_path: Path) -> None:
    results, calls, _printed = look_up(
        region,
        tmp_path,
        "'a b'",
        "'one', kind='server'",
        "'one', region='cn-north-1'",
        "'one', profile='nobody'",
        AWS_ACCESS_KEY_ID="",
        AWS_SECRET_ACCESS_KEY="",
    )
    assert "name: 'a b' is not allowed" in results[0]
    assert "server" in results[1]
    assert "China" in results[2]
    assert "nobody" in results[3]
    assert calls == {}


def test_as_somebody_else(region: LocalRegion, tmp_path: Path) -> None:
    (server,) = make_servers(region, "one")
    app = make_app(region, "two")
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    iam = region.client("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    may = {"Effect": "Allow", "Action": [SERVERS, APPS], "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    iam.put_role_policy(RoleName="reader", PolicyName="only", PolicyDocument=policy)
    keys = make_user(region, "sts:AssumeRole")
    profile = f"[profile ana]\naws_access_key_id={keys['access_key']}\naws_secret_access_key={keys['secret_key']}\n"
    (tmp_path / "config").write_text(profile)
    mine = "access_key=lookup('env', 'KEY_OF_ANA'), secret_key=lookup('env', 'SECRET_OF_ANA')"
    given = {"KEY_OF_ANA": keys["access_key"], "SECRET_OF_ANA": keys["secret_key"]}
    unset = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    there = f"endpoint_url='{region.endpoint}'"
    results, calls, printed = look_up(
        region,
        tmp_path,
        f"'one', 'two', {mine}, {there}, assume_role_arn='{role}'",
        f"'one', 'two', profile='ana', {there}, assume_role_arn='{role}'",
        f"'one', {mine}, {there}",
        f"'one', {mine}, {there}, assume_role_arn='{role}-of-others'",
        AWS_CONFIG_FILE=str(tmp_path / "config"),
        **unset,
        **given,
    )
    assert results[:2] == [[server, app], [server, app]]
    assert (
        "Failed while listing the tracking servers in us-east-1 (ListMlflowTrackingServers): AccessDenied" in results[2]
    )
    assert f"Failed while assuming the role {role}-of-others (AssumeRole)" in results[3]
    assert calls["sts:AssumeRole"] == 3
    assert not [text for text in printed if keys["secret_key"] in text]
