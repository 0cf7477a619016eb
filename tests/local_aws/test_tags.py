# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of tracking servers, Apps and what else SageMaker has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from local_aws.control_region import ACCOUNT, ControlRegion, aws, moto_endpoint, refused

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["aws", "moto_endpoint"]


def as_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tags_of(region: ControlRegion, arn: str) -> dict[str, str]:
    pages = region.client("sagemaker").get_paginator("list_tags").paginate(ResourceArn=arn)
    return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}


@pytest.fixture(params=["server", "app"])
def arn(request: pytest.FixtureRequest, aws: ControlRegion) -> str:
    """A tagged resource of either kind."""
    resource = getattr(aws, request.param)(Tags=as_list({"team": "vision", "stage": "test"}))
    return str(resource.arn)


def test_tags_given_at_creation(aws: ControlRegion, arn: str) -> None:
    assert tags_of(aws, arn) == {"team": "vision", "stage": "test"}


def test_adding_replaces_by_key(aws: ControlRegion, arn: str) -> None:
    answer = aws.client("sagemaker").add_tags(ResourceArn=arn, Tags=as_list({"team": "speech", "empty": ""}))
    expected = {"team": "speech", "stage": "test", "empty": ""}
    assert {tag["Key"]: tag["Value"] for tag in answer["Tags"]} == expected == tags_of(aws, arn)


def test_deleting(aws: ControlRegion, arn: str) -> None:
    aws.client("sagemaker").delete_tags(ResourceArn=arn, TagKeys=["team", "unknown"])
    assert tags_of(aws, arn) == {"stage": "test"}


def test_fifty_and_not_more(aws: ControlRegion, arn: str) -> None:
    sagemaker = aws.client("sagemaker")
    sagemaker.add_tags(ResourceArn=arn, Tags=as_list({f"k{number}": "v" for number in range(48)}))
    assert len(tags_of(aws, arn)) == 50
    sagemaker.add_tags(ResourceArn=arn, Tags=as_list({"k0": "again"}))
    assert refused(sagemaker.add_tags, ResourceArn=arn, Tags=as_list({"one": "more"}))[0] == "ValidationException"
    assert len(tags_of(aws, arn)) == 50


@pytest.mark.parametrize("tags", [as_list({"aws:owner": "x"}), as_list({"a": "1"}) + as_list({"a": "2"})])
def test_tags_that_aws_refuses(aws: ControlRegion, arn: str, tags: list[dict[str, str]]) -> None:
    assert refused(aws.client("sagemaker").add_tags, ResourceArn=arn, Tags=tags)[0] == "ValidationException"
    needs: dict[str, Any] = {"ArtifactStoreUri": "s3://artifacts", "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/mlflow"}
    create = aws.client("sagemaker").create_mlflow_app
    assert refused(create, Name="next", Tags=tags, **needs)[0] == "ValidationException"
    assert len(aws.store.all()) == 1


def test_short_pages(aws: ControlRegion, arn: str) -> None:
    aws.settings.list_page_size = 1
    first = aws.client("sagemaker").list_tags(ResourceArn=arn)
    assert (len(first["Tags"]), "NextToken" in first) == (1, True)
    assert len(tags_of(aws, arn)) == 2
    whole = aws.client("sagemaker").list_tags(ResourceArn=arn, MaxResults=50)
    assert (len(whole["Tags"]), "NextToken" in whole) == (2, False)


@pytest.mark.parametrize("name", ["mlflow-tracking-server/none", "mlflow-app/app-NONE"])
def test_unknown_resources(aws: ControlRegion, name: str) -> None:
    sagemaker = aws.client("sagemaker")
    missing = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:{name}"
    assert refused(sagemaker.list_tags, ResourceArn=missing)[0] == "ResourceNotFound"
    assert refused(sagemaker.delete_tags, ResourceArn=missing, TagKeys=["a"])[0] == "ResourceNotFound"
    aws.settings.missing_tagged_resource_error = "ValidationException"
    assert refused(sagemaker.add_tags, ResourceArn=missing, Tags=as_list({"a": "b"}))[0] == "ValidationException"


def test_other_regions_do_not_see_it(aws: ControlRegion, arn: str) -> None:
    assert refused(aws.client("sagemaker", "eu-west-1").list_tags, ResourceArn=arn)[0] == "ResourceNotFound"


def test_moto_appends_what_aws_replaces(aws: ControlRegion) -> None:
    sagemaker = aws.client("sagemaker")
    group = sagemaker.create_model_package_group(ModelPackageGroupName="g", Tags=as_list({"a": "1", "b": "2"}))
    where = {"ResourceArn": group["ModelPackageGroupArn"]}
    sagemaker.add_tags(**where, Tags=as_list({"a": "3"}))
    tags = sorted(sagemaker.list_tags(**where)["Tags"], key=lambda tag: tag["Key"])
    assert tags == as_list({"a": "3", "b": "2"})
    sagemaker.delete_tags(**where, TagKeys=["a"])
    assert sagemaker.list_tags(**where)["Tags"] == as_list({"b": "2"})


@pytest.mark.parametrize("name", ["model/none", "no-such-kind/none", "nothing"])
def test_moto_fails_on_resources_that_it_does_not_know(aws: ControlRegion, name: str) -> None:
    missing = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:{name}"
    code, message, _unused = refused(aws.client("sagemaker").list_tags, ResourceArn=missing)
    assert (code, message.startswith("Could not find")) == ("ValidationException", True)
