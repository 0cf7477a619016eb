# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rights a call needs: the action, the resource it is on, and the condition keys it carries.

Source: the Service Authorization Reference. Where a service is not told apart here the resource is ``*``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from localaws import s3_actions, s3_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from localaws.identify import Call

Context = dict[str, list[str]]

_ACTION_PREFIXES = {
    "cloudwatch": "cloudwatch",
    "service-quotas": "servicequotas",
    "stepfunctions": "states",
    "resourcegroupstaggingapi": "tag",
    "sesv2": "ses",
    "elbv2": "elasticloadbalancing",
    "elb": "elasticloadbalancing",
    "efs": "elasticfilesystem",
    "emr": "elasticmapreduce",
    "opensearch": "es",
    "sso-admin": "sso",
    "s3control": "s3",
    "sagemaker-runtime": "sagemaker",
    "sagemaker-metrics": "sagemaker",
}
# S3 Control has operations of accounts named like those of buckets.
_ACTIONS = {
    ("s3control", "GetPublicAccessBlock"): "GetAccountPublicAccessBlock",
    ("s3control", "PutPublicAccessBlock"): "PutAccountPublicAccessBlock",
    ("s3control", "DeletePublicAccessBlock"): "PutAccountPublicAccessBlock",
}
# Services that are handed a role, and the name by which a trust policy calls them.
_PASSED_TO = {
    "sagemaker": "sagemaker.amazonaws.com",
    "scheduler": "scheduler.amazonaws.com",
    "events": "events.amazonaws.com",
    "lambda": "lambda.amazonaws.com",
    "stepfunctions": "states.amazonaws.com",
    "cloudtrail": "cloudtrail.amazonaws.com",
}
_ROLE_PARAMETERS = frozenset(
    ("RoleArn", "ExecutionRoleArn", "Role", "roleArn", "CloudWatchLogsRoleArn", "ExecutionRole")
)

_GRANTED_FOR_APP = (
    "CreateGrant",
    "Decrypt",
    "DescribeKey",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
    "RetireGrant",
)


@dataclass(frozen=True)
class Permission:
    """One right."""

    action: str
    resource: str
    context: Mapping[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Place:
    """Where ARNs of a call are."""

    partition: str
    region: str
    account_id: str

    def arn(self, service: str, name: str, regional: bool = True) -> str:
        return f"arn:{self.partition}:{service}:{self.region if regional else ''}:{self.account_id}:{name}"


def required(call: Call, account_id: str) -> list[Permission]:
    """All rights that a call needs, the operation's own first."""
    place = _Place(partition_of(call.region), call.region, account_id)
    context = _parameter_context(call)
    if call.service == "s3":
        found = s3_actions.required(call.operation, call.parameters, place.partition)
        own = {**context, **s3_actions.condition_context(call.parameters)}
        permissions = [Permission(action, resource, own) for action, resource in found]
        return [*permissions, *_keys_of_objects(call, place)]
    operation = _ACTIONS.get((call.service, call.operation), call.operation)
    action = f"{_ACTION_PREFIXES.get(call.service, call.service)}:{operation}"
    permissions = [Permission(action, resource_of(call, account_id), context)]
    permissions.extend(_tagging(call, place, permissions[0]))
    permissions.extend(_passed_roles(call))
    permissions.extend(_key_of_app(call, place))
    return permissions


def resource_of(call: Call, account_id: str) -> str:
    """The ARN of what a call is about; ``*`` when it is about nothing in particular or we do not know."""
    place = _Place(partition_of(call.region), call.region, account_id)
    if call.service == "s3":
        return next(
            (resource for _unused, resource in s3_actions.required(call.operation, call.parameters, place.partition)),
            "*",
        )
    find = _RESOURCES.get(call.service)
    return (find(call, place) if find else None) or "*"


def partition_of(region: str) -> str:
    """The partition of a region, as ARNs name it."""
    for prefix, partition in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov")):
        if region.startswith(prefix):
            return partition
    return "aws"


def _parameter_context(call: Call) -> Context:
    tags = _request_tags(call.parameters)
    context: Context = {f"aws:requesttag/{key.lower()}": [value] for key, value in tags.items()}
    keys = list(tags) or [str(key) for key in call.parameters.get("TagKeys") or ()]
    if keys:
        context["aws:tagkeys"] = keys
    for parameter, name in (
        ("PermissionsBoundary", "iam:permissionsboundary"),
        ("PolicyArn", "iam:policyarn"),
        ("ExternalId", "sts:externalid"),
        ("RoleSessionName", "sts:rolesessionname"),
    ):
        if call.parameters.get(parameter):
            context[name] = [str(call.parameters[parameter])]
    return context


def _request_tags(parameters: Mapping[str, Any]) -> dict[str, str]:
    tags = parameters.get("Tags") or parameters.get("tags") or ()
    if isinstance(tags, Mapping):
        return {str(key): str(value) for key, value in tags.items()}
    # KMS spells its members TagKey and TagValue.
    pairs = ((tag.get("Key", tag.get("TagKey")), tag.get("Value", tag.get("TagValue"))) for tag in tags)
    return {str(key): str(value) for key, value in pairs if key is not None}


def _tagging(call: Call, place: _Place, own: Permission) -> Iterator[Permission]:
    """Tagging while creating is a right of its own (dependent action ``AddTags`` of SageMaker, ``TagRole`` of IAM)."""
    if call.service == "ec2" and call.operation.startswith("Create") and call.parameters.get("TagSpecifications"):
        yield Permission("ec2:CreateTags", "*", {**own.context, "ec2:createaction": [call.operation]})
    if not call.operation.startswith("Create") or not call.parameters.get("Tags"):
        return
    if call.service == "sagemaker":
        yield Permission(
            "sagemaker:AddTags", own.resource, {**own.context, "sagemaker:taggingaction": [call.operation]}
        )
    elif call.service == "iam":
        kind = call.operation.removeprefix("Create")
        if kind in ("Role", "User", "Policy", "InstanceProfile"):
            yield Permission(f"iam:Tag{kind}", own.resource, own.context)
    elif call.service == "kms":
        yield Permission("kms:TagResource", place.arn("kms", "key/*"), own.context)


def _passed_roles(call: Call) -> Iterator[Permission]:
    service = _PASSED_TO.get(call.service)
    if service is None or not call.changes_state:
        return
    for role in sorted(set(_roles_in(call.parameters))):
        yield Permission("iam:PassRole", role, {"iam:passedtoservice": [service]})


def _key_of_app(call: Call, place: _Place) -> Iterator[Permission]:
    """Whoever creates an App with a KMS key lets SageMaker use that key: by a grant, made in the caller's name."""
    if call.operation != "CreateMlflowApp" or not call.parameters.get("KmsKeyId"):
        return
    key = _key_arn(call.parameters["KmsKeyId"], place)
    if key is not None:
        via = {"kms:viaservice": [f"sagemaker.{place.region}.amazonaws.com"]}
        yield Permission("kms:DescribeKey", key, via)
        yield Permission("kms:CreateGrant", key, {**via, "kms:grantoperations": list(_GRANTED_FOR_APP)})


def _keys_of_objects(call: Call, place: _Place) -> Iterator[Permission]:
    """S3 uses a key in the caller's name."""
    for use in s3_keys.uses(call.operation, call.parameters, place.partition):
        key = _key_arn(use.key, place)
        if key is not None:
            via = {"kms:viaservice": [f"s3.{place.region}.amazonaws.com"]}
            yield Permission(use.action, key, {**via, "kms:encryptioncontext:aws:s3:arn": [use.context_arn]})


def _roles_in(value: object) -> Iterator[str]:
    """Role ARNs anywhere among the parameters, where a parameter's name says that it is a role to use."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            if name in _ROLE_PARAMETERS and isinstance(each, str) and ":role/" in each:
                yield each
            else:
                yield from _roles_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from _roles_in(each)


def _sagemaker(call: Call, place: _Place) -> str | None:
    parameters = call.parameters
    if parameters.get("ResourceArn"):
        return str(parameters["ResourceArn"])
    if parameters.get("TrackingServerName"):
        return place.arn("sagemaker", f"mlflow-tracking-server/{parameters['TrackingServerName']}")
    if call.operation == "CreateMlflowApp":
        # Its id does not exist yet.
        return place.arn("sagemaker", "mlflow-app/*")
    if "MlflowApp" in call.operation and parameters.get("Arn"):
        return str(parameters["Arn"])
    return _of_registry(call, place) or _of_lineage(call, place) or _of_domain(parameters, place)


def _of_registry(call: Call, place: _Place) -> str | None:
    """Model packages and their groups, which are named by name or by ARN."""
    name = call.parameters.get("ModelPackageName") or call.parameters.get("ModelPackageArn")
    if name:
        return str(name) if str(name).startswith("arn:") else place.arn("sagemaker", f"model-package/{name}")
    group = str(call.parameters.get("ModelPackageGroupName") or "")
    if not group:
        return None
    if call.operation == "CreateModelPackage":
        # Its version does not exist yet.
        return place.arn("sagemaker", f"model-package/{group.rpartition('/')[2]}/*")
    return group if group.startswith("arn:") else place.arn("sagemaker", f"model-package-group/{group}")


def _of_lineage(call: Call, place: _Place) -> str | None:
    kind = {"CreateAction": "action", "CreateArtifact": "artifact", "CreateContext": "context"}.get(call.operation)
    if kind:
        return place.arn("sagemaker", f"{kind}/{call.parameters.get(f'{kind.capitalize()}Name', '*')}")
    return str(call.parameters["SourceArn"]) if call.operation == "AddAssociation" else None


def _of_domain(parameters: Mapping[str, Any], place: _Place) -> str | None:
    domain = parameters.get("DomainId")
    return place.arn("sagemaker", f"domain/{domain}") if domain else None


def _iam(call: Call, place: _Place) -> str | None:
    from localaws.iam_resources import arn_of

    parameters = call.parameters
    kinds = (
        ("RoleName", "role"),
        ("UserName", "user"),
        ("GroupName", "group"),
        ("InstanceProfileName", "instance-profile"),
    )
    for parameter, kind in kinds:
        if parameters.get(parameter):
            name = str(parameters[parameter])
            path = str(parameters.get("Path") or "/") if call.operation.startswith("Create") else None
            return arn_of(kind, name, place.account_id, place.partition, path)
    if parameters.get("PolicyArn"):
        return str(parameters["PolicyArn"])
    if call.operation == "CreatePolicy":
        path = str(parameters.get("Path") or "/")
        return place.arn("iam", f"policy{path}{parameters.get('PolicyName', '')}", regional=False)
    source = parameters.get("PolicySourceArn")
    return str(source) if source else None


def _sts(call: Call, _place: _Place) -> str | None:
    role = call.parameters.get("RoleArn")
    return str(role) if role else None


def _kms(call: Call, place: _Place) -> str | None:
    return _key_arn(call.parameters.get("KeyId") or call.parameters.get("TargetKeyId"), place)


def _key_arn(name: object, place: _Place) -> str | None:
    from localaws.iam_resources import kms_key_arn

    return kms_key_arn(str(name), place.account_id, place.region) if name else None


def _scheduler(call: Call, place: _Place) -> str | None:
    parameters = call.parameters
    if parameters.get("ResourceArn"):
        return str(parameters["ResourceArn"])
    name = parameters.get("Name")
    if not name:
        return None
    if call.operation.endswith("ScheduleGroup"):
        return place.arn("scheduler", f"schedule-group/{name}")
    return place.arn("scheduler", f"schedule/{parameters.get('GroupName') or 'default'}/{name}")


def _cloudtrail(call: Call, place: _Place) -> str | None:
    name = call.parameters.get("TrailName") or call.parameters.get("Name") or call.parameters.get("ResourceId")
    if not name or call.operation.startswith(("Describe", "List")):
        return None
    return str(name) if str(name).startswith("arn:") else place.arn("cloudtrail", f"trail/{name}")


_RESOURCES: dict[str, Callable[[Call, _Place], str | None]] = {
    "sagemaker": _sagemaker,
    "iam": _iam,
    "sts": _sts,
    "kms": _kms,
    "scheduler": _scheduler,
    "cloudtrail": _cloudtrail,
}
