# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Input that would open more than it names: every module that writes a policy refuses it before the first call, by the option's name."""

from __future__ import annotations

import json
import typing as t

import pytest
from client_policies import ACCOUNT, SERVER
from module_run import ModuleFailedError, Modules

if t.TYPE_CHECKING:
    from local_region import LocalRegion

Json = dict[str, t.Any]
INJECTED = '"}],"Statement":[{"Effect":"Allow","Action":"*","Resource":"*'
KEY = "key/1234abcd-12ab-34cd-56ef-1234567890ab"
BASES: dict[str, Json] = {
    "iam_mlflow_client_policy": {
        "name": "mlflow",
        "profiles": ["writer"],
        "resource_arns": [SERVER],
        "artifact_store_uri": "s3://artifacts",
        "roles": ["analysts"],
    },
    "iam_mlflow_role": {"name": "mlflow", "artifact_store_uri": "s3://artifacts"},
    "s3_mlflow_bucket": {"name": "artifacts"},
    "scheduler_mlflow_power": {
        "name": "mlflow",
        "start": {"days": ["Mon"], "time": "07:00"},
        "stop": {"days": ["Fri"], "time": "19:00"},
    },
}
PREFIXES = [
    "team/*",
    "te?m",
    "${aws:username}",
    "team/../other",
    "./team",
    INJECTED,
    "team\n",
    "te\\am",
    "t\u00e9am",
    "\u202eteam",
    "x" * 1100,
]
STORES: list[tuple[str, str, object]] = [
    (module, "artifact_store_uri", uri)
    for module in ("iam_mlflow_client_policy", "iam_mlflow_role")
    for uri in (
        *(f"s3://artifacts/{prefix}" for prefix in PREFIXES),
        "s3://*",
        "s3://Artifacts",
        "https://artifacts",
        "arn:aws:s3:::x",
    )
]
OTHERS: list[tuple[str, str, object]] = [
    *(
        (module, "name", name)
        for module in BASES
        for name in ("../x", "a*", "a?", "${aws:username}", INJECTED, "x" * 300, "")
    ),
    *(
        ("iam_mlflow_client_policy", "resource_arns", [arn])
        for arn in (
            f"{SERVER}*",
            f"{SERVER}/../other",
            SERVER.replace("mlflow-tracking-server/mlflow", "mlflow-tracking-server/*"),
            SERVER.replace(ACCOUNT, "*"),
            SERVER.replace("us-east-1", "*"),
            SERVER.replace(":aws:", ":aws-cn:"),
            SERVER.replace("us-east-1", "cn-north-1"),
            SERVER.replace("us-east-1", "cn-north-1").replace(":aws:", ":aws-cn:"),
            SERVER.replace("mlflow-tracking-server", "endpoint"),
            SERVER + INJECTED,
            SERVER + "x" * 300,
            "*",
        )
    ),
    ("iam_mlflow_client_policy", "resource_arns", [f"{SERVER[:-6]}{'s' * 250}{number}" for number in range(30)]),
    ("iam_mlflow_client_policy", "resource_arns", []),
    ("iam_mlflow_client_policy", "profiles", []),
    *(
        ("iam_mlflow_client_policy", "roles", [name])
        for name in ("a/b", "a*", "*", INJECTED, "x" * 65, "arn:aws:iam::1:role/x")
    ),
    ("iam_mlflow_client_policy", "roles", [f"arn:aws-cn:iam::{ACCOUNT}:role/x"]),
    ("iam_mlflow_client_policy", "roles", [f"arn:aws:iam::{ACCOUNT}:group/x"]),
    ("iam_mlflow_client_policy", "groups", [f"arn:aws:iam::{ACCOUNT}:role/x"]),
    ("iam_mlflow_client_policy", "groups", ["../x"]),
    *(
        ("iam_mlflow_client_policy", "additional_actions", [action])
        for action in ("*", "sagemaker-mlflow:*", "sagemaker-mlflow:Get*", "iam:PassRole", "s3:GetObject", INJECTED)
    ),
    *(
        ("iam_mlflow_client_policy", option, {key: value})
        for option in ("resource_tag_conditions",)
        for key, value in (
            ("Team", "*"),
            ("Team", "${aws:username}"),
            ("Te*m", "x"),
            ("Team", INJECTED),
            ("Team", "\u4e2d"),
            ("a" * 129, "x"),
        )
    ),
    ("iam_mlflow_client_policy", "principal_tag_conditions", ["a}${aws:username"]),
    *(
        ("iam_mlflow_client_policy", "source_vpce", [value])
        for value in ("*", "vpce-*", "vpc-0123456789abcdef0", INJECTED)
    ),
    ("iam_mlflow_client_policy", "source_vpc", ["vpc-?"]),
    *(
        ("iam_mlflow_client_policy", "source_ip", [value])
        for value in ("0.0.0.0/0", "::/0", "10.0.0.1/8", "*", "office", INJECTED)
    ),
    *(
        (module, "kms_key_id", f"arn:{partition}:kms:{region}:{ACCOUNT}:{key}")
        for module in ("iam_mlflow_client_policy", "iam_mlflow_role", "s3_mlflow_bucket")
        for partition, region, key in (
            ("aws", "us-east-1", "key/*"),
            ("aws", "*", KEY),
            ("aws", "us-east-1", f"{KEY}{INJECTED}"),
        )
    ),
    ("iam_mlflow_client_policy", "kms_key_id", f"arn:aws-cn:kms:cn-north-1:{ACCOUNT}:{KEY}"),
    ("iam_mlflow_role", "source_arn", ["*"]),
    ("iam_mlflow_role", "source_account", "12345678901*"),
    ("iam_mlflow_role", "permissions_boundary", "*"),
    ("iam_mlflow_role", "managed_policies", ["a b"]),
    ("iam_mlflow_role", "path", "mlflow"),
    ("iam_mlflow_role", "inline_policies", {"x": INJECTED}),
    ("iam_mlflow_role", "inline_policies", {"../x": {"Version": "2012-10-17", "Statement": []}}),
    ("s3_mlflow_bucket", "trusted_account_ids", ["*"]),
    ("s3_mlflow_bucket", "policy_statements", [INJECTED]),
    ("s3_mlflow_bucket", "cors_rules", 5),
    ("s3_mlflow_bucket", "public_access_block", True),
    ("scheduler_mlflow_power", "start", 7.5),
    ("scheduler_mlflow_power", "wait_timeout", float("inf")),
    ("scheduler_mlflow_power", "schedule_group", "../x"),
    ("scheduler_mlflow_power", "role_arn", "*"),
]
SHOWN = 60


def shown(case: object) -> str:
    """An id that a terminal can show."""
    return ascii(case)[:SHOWN]


@pytest.mark.parametrize(("module", "option", "value"), STORES + OTHERS, ids=shown)
def test_it_is_refused_before_any_call(
    modules: Modules, region: LocalRegion, module: str, option: str, value: object
) -> None:
    message = modules.fail(module, **{**BASES[module], option: value})
    assert option in message
    assert region.calls() == []


def test_the_same_input_without_the_trick_is_taken(modules: Modules, region: LocalRegion) -> None:
    """So that no case above fails for another reason."""
    region.client("iam").create_role(
        RoleName="analysts",
        AssumeRolePolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}],
            }
        ),
    )
    for module, options in BASES.items():
        assert modules.run(module, check=True, **options).changed
    for uri in ("s3://artifacts/team a/b+c=d@e,f;g&h(i)!'j'", "s3://artifacts//"):
        assert modules.run(
            "iam_mlflow_client_policy", check=True, **{**BASES["iam_mlflow_client_policy"], "artifact_store_uri": uri}
        ).changed


@pytest.mark.parametrize("in_controller", [False, True])
def test_what_ansible_cannot_look_at_is_refused_without_telling_secrets(
    region: LocalRegion, in_controller: bool
) -> None:
    target = {"uri": "https://mlflow.example.com", "password": "hunter2"}
    with pytest.raises(ModuleFailedError) as failure:
        Modules(region, in_controller).run("mlflow_migration", source=0, target=target)
    assert failure.value.result["msg"] == "source must be a dictionary."
    assert "hunter2" not in json.dumps(failure.value.result)
