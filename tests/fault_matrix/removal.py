# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deletes by hand what a run is about, with all that holds it."""

from __future__ import annotations

import contextlib
import typing as t

from botocore.exceptions import ClientError
from fault_matrix.scenarios import ACCOUNT, BUCKET, NAME, ROLE

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from in_process_aws.region import InProcessRegion
    from local_region import LocalRegion

    Remover = Callable[[LocalRegion], None]

POWER_ROLE = f"{NAME}-power-us-east-1"


def remove_role(region: LocalRegion, name: str = ROLE) -> None:
    """With its policies."""
    iam = region.client("iam")
    with contextlib.suppress(ClientError):
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
        for attached in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=name, PolicyArn=attached["PolicyArn"])
        iam.delete_role(RoleName=name)


def remove_bucket(region: LocalRegion) -> None:
    """With its objects."""
    s3 = region.client("s3")
    with contextlib.suppress(ClientError):
        found = s3.list_object_versions(Bucket=BUCKET)
        for each in [*found.get("Versions", []), *found.get("DeleteMarkers", [])]:
            s3.delete_object(Bucket=BUCKET, Key=each["Key"], VersionId=each["VersionId"])
        s3.delete_bucket(Bucket=BUCKET)


def remove_mlflow(region: LocalRegion) -> None:
    """Every tracking server and App, whatever AWS is doing with it, so that it is gone at once."""
    store = t.cast("InProcessRegion", region).running.store
    for each in store.all():
        store.remove(each.arn)


def remove_schedules(region: LocalRegion) -> None:
    """Both."""
    for verb in ("start", "stop"):
        with contextlib.suppress(ClientError):
            region.client("scheduler").delete_schedule(Name=f"{NAME}-{verb}")


def remove_inline_policy(region: LocalRegion) -> None:
    """From whoever has it."""
    iam = region.client("iam")
    with contextlib.suppress(ClientError):
        iam.delete_role_policy(RoleName="analysts", PolicyName="mlflow-writer")
    with contextlib.suppress(ClientError):
        iam.delete_group_policy(GroupName="people", PolicyName="mlflow-writer")


def remove_managed_policy(region: LocalRegion) -> None:
    """With its versions and attachments."""
    iam, arn = region.client("iam"), f"arn:aws:iam::{ACCOUNT}:policy/mlflow-writer"
    remove_inline_policy(region)
    with contextlib.suppress(ClientError):
        iam.detach_role_policy(RoleName="analysts", PolicyArn=arn)
    with contextlib.suppress(ClientError):
        iam.detach_group_policy(GroupName="people", PolicyArn=arn)
    with contextlib.suppress(ClientError):
        for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
        iam.delete_policy(PolicyArn=arn)


REMOVERS: dict[str, dict[str, Remover]] = {
    "iam_mlflow_role": {"iam": remove_role},
    "s3_mlflow_bucket": {"s3": remove_bucket},
    "sagemaker_mlflow_server": {"sagemaker": remove_mlflow},
    "sagemaker_mlflow_app": {"sagemaker": remove_mlflow},
    "sagemaker_mlflow_server_info": {"sagemaker": remove_mlflow},
    "sagemaker_mlflow_app_info": {"sagemaker": remove_mlflow},
    "sagemaker_mlflow_presigned_url": {"sagemaker": remove_mlflow},
    "scheduler_mlflow_power": {
        "scheduler": remove_schedules,
        "iam": lambda region: remove_role(region, POWER_ROLE),
    },
    "iam_mlflow_client_policy": {"iam": remove_managed_policy},
    "mlflow_environment": {"iam": remove_role, "s3": remove_bucket, "sagemaker": remove_mlflow},
}
"""By module and by the service of the call: what of its own things can be gone."""
