# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What moto's CloudTrail takes, forgets or deletes though AWS does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from local_callers import policy, refused

if TYPE_CHECKING:
    from local_callers import LocalAws

ARN = "arn:aws:cloudtrail:us-east-1:123456789012:trail/main"
BASIC = {"ReadWriteType": "All", "IncludeManagementEvents": True}
DATA = [
    {"Field": "eventCategory", "Equals": ["Data"]},
    {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
]
MANY = [{"Field": "resources.ARN", "StartsWith": [f"arn:aws:s3:::b/{number}" for number in range(499)]}]
LET_IN = (
    {
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "s3:GetBucketAcl",
        "Resource": "arn:aws:s3:::logs-of-all",
        "Condition": {"StringEquals": {"aws:SourceArn": ARN}},
    },
    {
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::logs-of-all/AWSLogs/123456789012/*",
        "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
    },
)


@pytest.fixture
def cloudtrail(local_aws: LocalAws) -> Any:
    """CloudTrail with one trail."""
    s3 = local_aws.client("s3")
    s3.create_bucket(Bucket="logs-of-all")
    s3.put_bucket_policy(Bucket="logs-of-all", Policy=policy(*LET_IN))
    client = local_aws.client("cloudtrail")
    client.create_trail(Name="main", S3BucketName="logs-of-all", IsMultiRegionTrail=True)
    return client


def test_a_trail_begins_with_all_management_events(cloudtrail: Any) -> None:
    found = cloudtrail.get_event_selectors(TrailName="main")
    assert found["EventSelectors"][0]["IncludeManagementEvents"]
    assert "AdvancedEventSelectors" not in found


def test_one_kind_of_selectors_ends_the_other(cloudtrail: Any) -> None:
    cloudtrail.put_event_selectors(TrailName="main", AdvancedEventSelectors=[{"Name": "x", "FieldSelectors": DATA}])
    assert "EventSelectors" not in cloudtrail.get_event_selectors(TrailName=ARN)
    cloudtrail.put_event_selectors(TrailName="main", EventSelectors=[BASIC])
    assert "AdvancedEventSelectors" not in cloudtrail.get_event_selectors(TrailName="main")
    (trail,) = cloudtrail.describe_trails(trailNameList=["main"])["trailList"]
    assert trail["HasCustomEventSelectors"]
    assert cloudtrail.describe_trails(trailNameList=["other"])["trailList"] == []


REFUSED: dict[str, dict[str, Any]] = {
    "both kinds": {"EventSelectors": [BASIC], "AdvancedEventSelectors": [{"FieldSelectors": DATA}]},
    "neither": {},
    "too many basic ones": {"EventSelectors": [BASIC] * 6},
    "no category": {"AdvancedEventSelectors": [{"FieldSelectors": DATA[1:]}]},
    "no type": {"AdvancedEventSelectors": [{"FieldSelectors": DATA[:1]}]},
    "no operator": {"AdvancedEventSelectors": [{"FieldSelectors": [*DATA, {"Field": "readOnly"}]}]},
    "too many values": {"AdvancedEventSelectors": [{"FieldSelectors": [*DATA, *MANY]}]},
}


@pytest.mark.parametrize("what", REFUSED)
def test_selectors_that_aws_refuses(cloudtrail: Any, what: str) -> None:
    code, status, _message = refused(lambda: cloudtrail.put_event_selectors(TrailName="main", **REFUSED[what]))
    assert (code, status) == ("InvalidEventSelectorsException", 400)


def test_names_buckets_and_regions_are_checked(local_aws: LocalAws, cloudtrail: Any) -> None:
    def create(name: str, bucket: str = "logs-of-all") -> str:
        return refused(lambda: cloudtrail.create_trail(Name=name, S3BucketName=bucket))[0]

    assert create("main") == "TrailAlreadyExistsException"
    assert create("second", "no-such-bucket") == "S3BucketDoesNotExistException"
    assert create("second") == "InsufficientS3BucketPolicyException"
    elsewhere = local_aws.region.client("cloudtrail", region_name="eu-west-1")
    assert elsewhere.get_event_selectors(TrailName=ARN)["TrailARN"] == ARN
    assert refused(lambda: elsewhere.stop_logging(Name=ARN))[0] == "TrailNotFoundException"
    selectors = {"TrailName": ARN, "EventSelectors": [BASIC]}
    assert refused(lambda: elsewhere.put_event_selectors(**selectors))[0] == "InvalidHomeRegionException"


def test_deletion_by_arn_and_of_what_is_not_there(cloudtrail: Any) -> None:
    cloudtrail.delete_trail(Name=ARN)
    assert cloudtrail.describe_trails()["trailList"] == []
    assert refused(lambda: cloudtrail.delete_trail(Name=ARN))[0] == "TrailNotFoundException"
