# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudTrail as moto knows it, with the selectors, the limits and the refusals that AWS has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from moto.cloudtrail.exceptions import TrailNotFoundException
from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.exceptions import JsonRESTError

from localaws.iam_policy import Caller, Effect, InvalidPolicyError, Policy, Request, evaluate_resource_policy

if TYPE_CHECKING:
    from collections.abc import Mapping

PRINCIPAL = "cloudtrail.amazonaws.com"
BASIC_SELECTORS, DATA_RESOURCES, CONDITIONS = 5, 250, 500
DEFAULT_SELECTORS = [
    {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [],
        "ExcludeManagementEventSources": [],
    }
]
_OPERATORS = ("Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith")


def refusal(code: str, message: str) -> JsonRESTError:
    """An error of CloudTrail."""
    error = JsonRESTError(code, message)
    error.code = 400
    return error


class RepairedCloudTrailResponse(CloudTrailResponse):  # type: ignore[misc]  # moto has no type information
    """moto's CloudTrail, which takes every selector, every name twice and every bucket."""

    def create_trail(self) -> str:
        name = self._get_param("Name")
        if name in self.cloudtrail_backend.trails:
            raise refusal(
                "TrailAlreadyExistsException", f"Trail {name} already exists for customer: {self.current_account}"
            )
        self._check_bucket(name, self._get_param("S3BucketName"), self._get_param("S3KeyPrefix"))
        answer: str = super().create_trail()
        return answer

    def update_trail(self) -> str:
        trail = self._own_trail(self._get_param("Name"))
        bucket = self._get_param("S3BucketName") or trail.bucket_name
        prefix = self._get_param("S3KeyPrefix")
        self._check_bucket(trail.trail_name, bucket, trail.s3_key_prefix if prefix is None else prefix)
        answer: str = super().update_trail()
        return answer

    def delete_trail(self) -> str:
        """moto deletes by name only, and what is not there."""
        trail = self._own_trail(self._get_param("Name"))
        self.cloudtrail_backend.delete_trail(trail.trail_name)
        return "{}"

    def describe_trails(self) -> str:
        """moto does not look at the list of names."""
        wanted = self._get_param("trailNameList")
        answer: dict[str, Any] = json.loads(super().describe_trails())
        trails = answer["trailList"]
        for trail in trails:
            trail["HasCustomEventSelectors"] = self._has_custom_selectors(trail["TrailARN"])
        if wanted:
            trails = [trail for trail in trails if trail["Name"] in wanted or trail["TrailARN"] in wanted]
        return json.dumps({"trailList": trails})

    def put_event_selectors(self) -> str:
        parameters = json.loads(self.body)
        basic, advanced = parameters.get("EventSelectors"), parameters.get("AdvancedEventSelectors")
        trail = self._own_trail(parameters["TrailName"])
        if bool(basic) == bool(advanced):
            raise refusal(
                "InvalidEventSelectorsException",
                "You must specify either EventSelectors or AdvancedEventSelectors, but not both, and at least one selector.",
            )
        for check, selectors in ((_check_basic, basic), (_check_advanced, advanced)):
            if selectors:
                check(selectors)
        trail.event_selectors, trail.advanced_event_selectors = basic or [], advanced or []
        return json.dumps({"TrailARN": trail.arn, **_selectors_of(trail)})

    def get_event_selectors(self) -> str:
        """A trail whose selectors nobody set has the default, and of two kinds of selectors only one is there."""
        trail = self._any_trail(json.loads(self.body)["TrailName"])
        return json.dumps({"TrailARN": trail.arn, **_selectors_of(trail)})

    def _own_trail(self, name: str) -> Any:
        """A trail is changed in its home Region only."""
        trail = self._any_trail(name)
        if trail.region_name != self.region:
            raise refusal(
                "InvalidHomeRegionException",
                f"This operation can be called only in the home region of the trail: {trail.region_name}",
            )
        return trail

    def _any_trail(self, name: str) -> Any:
        for trail in self.cloudtrail_backend.describe_trails(include_shadow_trails=True):
            if name in (trail.trail_name, trail.arn):
                return trail
        raise TrailNotFoundException(account_id=self.current_account, name=name)

    def _has_custom_selectors(self, arn: str) -> bool:
        trail = self._any_trail(arn)
        return bool(trail.event_selectors or trail.advanced_event_selectors)

    def _check_bucket(self, trail: str, bucket: str, prefix: str | None) -> None:
        """The bucket's policy must let CloudTrail look at its ACL and write the log files of this account."""
        from moto.s3.models import s3_backends

        partition, owner = s3_backends.bucket_accounts.get(bucket, (None, None))
        if partition is None:
            raise refusal("S3BucketDoesNotExistException", f"S3 bucket {bucket} does not exist!")
        arn = f"arn:{partition}:s3:::{bucket}"
        folder = f"{prefix}/" if prefix else ""
        trail_arn = f"arn:{partition}:cloudtrail:{self.region}:{self.current_account}:trail/{trail}"
        context = {
            "aws:sourcearn": [trail_arn],
            "aws:sourceaccount": [self.current_account],
            "s3:x-amz-acl": ["bucket-owner-full-control"],
            "aws:securetransport": ["true"],
            "aws:principalisawsservice": ["true"],
        }
        document = s3_backends[owner][partition].buckets[bucket].policy
        needed = {
            "s3:GetBucketAcl": arn,
            "s3:PutObject": f"{arn}/{folder}AWSLogs/{self.current_account}/CloudTrail/x.json.gz",
        }
        if not all(_lets_in(document, action, resource, context) for action, resource in needed.items()):
            raise refusal(
                "InsufficientS3BucketPolicyException", f"Incorrect S3 bucket policy is detected for bucket: {bucket}"
            )


def _lets_in(document: Any, action: str, resource: str, context: dict[str, list[str]]) -> bool:
    try:
        policy = Policy.parse(document) if document else None
    except InvalidPolicyError:
        policy = None
    if policy is None:
        return False
    caller = Caller(arns=(), account_id="", service=PRINCIPAL)
    finding, _match = evaluate_resource_policy(policy, Request(action, resource, context, caller))
    return bool(finding.effect is Effect.ALLOW)


def _selectors_of(trail: Any) -> dict[str, Any]:
    if trail.advanced_event_selectors:
        return {"AdvancedEventSelectors": trail.advanced_event_selectors}
    return {"EventSelectors": trail.event_selectors or DEFAULT_SELECTORS}


def _check_basic(selectors: list[Mapping[str, Any]]) -> None:
    values = [
        value
        for selector in selectors
        for resource in selector.get("DataResources", ())
        for value in resource.get("Values", ())
    ]
    if len(selectors) > BASIC_SELECTORS or len(values) > DATA_RESOURCES:
        raise refusal(
            "InvalidEventSelectorsException",
            f"A trail has at most {BASIC_SELECTORS} event selectors with {DATA_RESOURCES} data resources.",
        )


def _check_advanced(selectors: list[Mapping[str, Any]]) -> None:
    conditions = 0
    for selector in selectors:
        fields = {field["Field"]: field for field in selector["FieldSelectors"]}
        conditions += sum(len(field.get(operator, ())) for field in fields.values() for operator in _OPERATORS)
        category = fields.get("eventCategory", {}).get("Equals")
        if category not in (["Management"], ["Data"], ["NetworkActivity"]):
            raise refusal(
                "InvalidEventSelectorsException",
                "Each advanced event selector needs eventCategory with one value in Equals.",
            )
        if category == ["Data"] and len(fields.get("resources.type", {}).get("Equals", ())) != 1:
            raise refusal(
                "InvalidEventSelectorsException",
                "A selector of data events needs resources.type with one value in Equals.",
            )
        if any(not any(field.get(operator) for operator in _OPERATORS) for field in fields.values()):
            raise refusal(
                "InvalidEventSelectorsException", "A field selector needs an operator with at least one value."
            )
    if conditions > CONDITIONS:
        raise refusal(
            "InvalidEventSelectorsException",
            f"The advanced event selectors of a trail have at most {CONDITIONS} values; these have {conditions}.",
        )
