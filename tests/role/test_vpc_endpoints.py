# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""An environment whose clients come through endpoints of their VPC: previewed, deployed, closed to others, destroyed."""

from __future__ import annotations

import json
import typing as t

from mlflow_account import make_vpc

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from playbook_run import Project

Json = dict[str, t.Any]
ACCOUNT = "123456789012"
SERVER = "mlflow-test-mlflow"
BUCKET = "mlflow-test-mlflow-artifacts-suite"
SERVER_ARN = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:mlflow-tracking-server/{SERVER}"


def endpoints(region: LocalRegion) -> dict[str, Json]:
    """By the last word of their service's name."""
    found = region.client("ec2").describe_vpc_endpoints()["VpcEndpoints"]
    return {each["ServiceName"].rpartition(".")[2]: each for each in found}


def test_from_the_preview_to_the_end(project: Project) -> None:
    region = project.region
    network = {**make_vpc(region), "restrict_bucket": True, "exempt_principals": ["role/backup"]}
    project.variables["mlflow_server_vpc_endpoints"] = network
    preview = project.check("deploy")
    deployed = project.succeed("deploy")
    assert deployed.summary == preview.summary
    assert deployed.summary[-1] == f"+ VPC endpoints {SERVER}"
    again = project.succeed("deploy")
    assert (again.changed, again.writes) == (0, [])

    found = endpoints(region)
    assert sorted(found) == ["api", "experiments", "s3"]
    assert {each["State"] for each in found.values()} == {"available"}
    assert [found[service]["PrivateDnsEnabled"] for service in ("api", "experiments")] == [True, True]
    assert SERVER_ARN in found["experiments"]["PolicyDocument"]
    assert f"arn:aws:s3:::{BUCKET}/*" in found["s3"]["PolicyDocument"]
    assert {"Key": "Environment", "Value": "test"} in found["s3"]["Tags"]

    text = region.client("s3").get_bucket_policy(Bucket=BUCKET)["Policy"]
    statement = {each["Sid"]: each for each in json.loads(text)["Statement"]}["DenyObjectsOutsideVpc"]
    assert statement["Condition"]["StringNotEquals"] == {"aws:SourceVpc": network["vpc_id"]}
    assert sorted(statement["Condition"]["ArnNotLike"]["aws:PrincipalArn"]) == [
        f"arn:aws:iam::{ACCOUNT}:role/backup",
        f"arn:aws:iam::{ACCOUNT}:role/mlflow-test-mlflow-role",
    ]
    assert not [action for action in statement["Action"] if "Bucket" in action or "Delete" in action or "*" in action]

    destroyed = project.succeed("destroy", mlflow_server_protect=False)
    assert f"- VPC endpoints {SERVER}" in destroyed.summary
    assert endpoints(region) == {}
    groups = region.client("ec2").describe_security_groups()["SecurityGroups"]
    assert not [group for group in groups if "mlflow" in group["GroupName"]]


WRONG: dict[str, tuple[Json, str]] = {
    "no-vpc": ({"mlflow_server_vpc_endpoints": {"subnet_ids": ["subnet-0123456789abcdef0"]}}, "needs vpc_id"),
    "no-subnet": ({"mlflow_server_vpc_endpoints": {"vpc_id": "vpc-0123456789abcdef0"}}, "needs subnet_ids"),
    "no-table": ({"mlflow_server_vpc_endpoints": {"vpc_id": "vpc-0123456789abcdef0"}}, "needs route_table_ids"),
    "nobody": ({"mlflow_server_vpc_endpoints": {"vpc_id": "vpc-0123456789abcdef0"}}, "does not say who may reach"),
    "bucket-of-others": (
        {
            "mlflow_server_create_bucket": False,
            "mlflow_server_artifact_store_uri": "s3://theirs",
            "mlflow_server_vpc_endpoints": {"vpc_id": "vpc-0123456789abcdef0", "restrict_bucket": True},
        },
        "has restrict_bucket: true",
    ),
}


def test_what_is_wrong_is_said_before_the_first_call(project: Project) -> None:
    project.hosts = {host: values for host, (values, _words) in WRONG.items()}
    run = project.run("deploy")
    text = " ".join(run.output.split())
    assert [words for _values, words in WRONG.values() if words not in text] == []
    assert run.output.count("failed=1") == len(WRONG)
    assert run.calls == []
