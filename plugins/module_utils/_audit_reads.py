# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What an audit reads: each answer in a plain form, or why it could not be read."""

from __future__ import annotations

import functools
import ipaddress
import typing as t
from urllib.parse import urlsplit, urlunsplit

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _bucket_settings as settings
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _policy_document
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._audit_control import Unseen
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AWS_ERRORS
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_calls import BucketCalls
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_lifecycle import Lifecycle
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_state import Place
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import (
    MlflowError,
    error_message,
    is_denied,
    is_error,
)

if t.TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._audit_control import Subject
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import Clients
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import Document

    Reads = dict[str, Callable[[], t.Any]]

_NO_ROLE = ("NoSuchEntity", "NoSuchEntityException")
_EMPTY_DOCUMENT: Document = {"Statement": []}
# What is read of the bucket: the operation, AWS's code when there is nothing of the kind, and the action that it needs.
_BUCKET_READS: dict[str, tuple[str, str, str]] = {
    "versioning": ("get_bucket_versioning", "", "s3:GetBucketVersioning"),
    "encryption": (
        "get_bucket_encryption",
        "ServerSideEncryptionConfigurationNotFoundError",
        "s3:GetEncryptionConfiguration",
    ),
    "public_access_block": (
        "get_public_access_block",
        "NoSuchPublicAccessBlockConfiguration",
        "s3:GetBucketPublicAccessBlock",
    ),
    "object_ownership": (
        "get_bucket_ownership_controls",
        "OwnershipControlsNotFoundError",
        "s3:GetBucketOwnershipControls",
    ),
    "policy": ("get_bucket_policy", "NoSuchBucketPolicy", "s3:GetBucketPolicy"),
    "lifecycle_rules": (
        "get_bucket_lifecycle_configuration",
        "NoSuchLifecycleConfiguration",
        "s3:GetLifecycleConfiguration",
    ),
    "logging": ("get_bucket_logging", "", "s3:GetBucketLogging"),
    "acl": ("get_bucket_acl", "", "s3:GetBucketAcl"),
    "replication": (
        "get_bucket_replication",
        "ReplicationConfigurationNotFoundError",
        "s3:GetReplicationConfiguration",
    ),
    "notifications": ("get_bucket_notification_configuration", "", "s3:GetBucketNotification"),
    "object_lock": (
        "get_object_lock_configuration",
        "ObjectLockConfigurationNotFoundError",
        "s3:GetBucketObjectLockConfiguration",
    ),
}
ACTIONS = sorted(
    {
        *(action for _operation, _missing, action in _BUCKET_READS.values()),
        "cloudtrail:DescribeTrails",
        "cloudtrail:GetEventSelectors",
        "cloudtrail:GetTrailStatus",
        "iam:GetAccountAuthorizationDetails",
        "iam:GetPolicy",
        "iam:GetPolicyVersion",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:ListRolePolicies",
        "kms:DescribeKey",
        "kms:GetKeyPolicy",
        "kms:GetKeyRotationStatus",
        "s3:GetAccessPoint",
        "s3:GetAccountPublicAccessBlock",
        "s3:ListAccessPoints",
    }
)
"""What the caller must be allowed, beside looking up the server or the App."""


def first_round(clients: Clients, subject: Subject) -> Reads:
    """Every read that needs no other. Makes the clients: only one thread may make them."""
    iam, trail, control = clients["iam"], clients["cloudtrail"], clients["s3control"]
    _keep_addresses_whole(control)
    clients["kms"]
    calls = BucketCalls(clients, subject.bucket)
    found: Reads = {name: functools.partial(_of_bucket, calls, name, subject) for name in _BUCKET_READS}
    role, account = {"RoleName": subject.role_name}, {"AccountId": subject.account_id}
    found["role"] = _of_role("iam:GetRole", lambda: _role(iam, role))
    found["inline_policies"] = _of_role("iam:ListRolePolicies", lambda: _inline_policies(iam, role))
    found["attached"] = _of_role("iam:ListAttachedRolePolicies", lambda: _attached_policies(iam, role))
    found["users"] = _seen("iam:GetAccountAuthorizationDetails", lambda: _users(iam))
    found["account_public_access_block"] = _seen(
        "s3:GetAccountPublicAccessBlock", lambda: _account_block(control, account)
    )
    found["access_points"] = _seen("s3:ListAccessPoints", lambda: _access_points(control, account, subject.bucket))
    found["trails"] = _seen("cloudtrail:DescribeTrails", lambda: trail.describe_trails()["trailList"])
    return found


def second_round(
    clients: Clients, keys: Collection[str], trails: t.Any, access_points: t.Any, subject: Subject
) -> Reads:
    """What the first round led to."""
    kms, cloudtrail, control = clients["kms"], clients["cloudtrail"], clients["s3control"]
    account = {"AccountId": subject.account_id}
    found: Reads = {f"key {key}": _seen("kms:DescribeKey", functools.partial(_key, kms, key)) for key in keys}
    for trail in [] if isinstance(trails, Unseen) else trails:
        found[f"trail {trail['TrailARN']}"] = _seen(
            "cloudtrail:GetEventSelectors", functools.partial(_trail, cloudtrail, trail)
        )
    for name in [] if isinstance(access_points, Unseen) else access_points:
        read = functools.partial(control.get_access_point, Name=name, **account)
        found[f"access point {name}"] = _seen("s3:GetAccessPoint", read)
    return found or {"nothing": lambda: None}


def with_details(first: Mapping[str, t.Any], second: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Both rounds in the form in which the controls ask. Makes no call."""
    attached = first["attached"]
    return {
        "customer_policies": attached if isinstance(attached, Unseen) else attached["customer"],
        "aws_policies": attached if isinstance(attached, Unseen) else attached["aws"],
        "keys": first["encryption"] if isinstance(first["encryption"], Unseen) else _all(second, "key "),
        "trails": first["trails"] if isinstance(first["trails"], Unseen) else _all(second, "trail "),
        "access_points": _points(first["access_points"], second),
    }


def _all(second: Mapping[str, t.Any], kind: str) -> t.Any:
    """Every one of a kind; what could not be read of one is not known of all."""
    found = [value for name, value in second.items() if name.startswith(kind)]
    return next((value for value in found if isinstance(value, Unseen)), found)


def _points(listed: t.Any, second: Mapping[str, t.Any]) -> t.Any:
    if isinstance(listed, Unseen):
        return listed
    points = {name: second[f"access point {name}"] for name in listed}
    unseen = [value for value in points.values() if isinstance(value, Unseen)]
    if unseen:
        return unseen[0]
    return {name: _flags(answer.get("PublicAccessBlockConfiguration", {})) for name, answer in points.items()}


def _seen(action: str, read: Callable[[], t.Any]) -> Callable[[], t.Any]:
    """A read that may be denied."""

    def attempt() -> t.Any:
        try:
            return read()
        except AWS_ERRORS as error:
            if is_denied(error):
                return _denied(action, error)
            raise

    return attempt


def _denied(action: str, error: BaseException) -> Unseen:
    """AWS's own words name the action when several are behind one read."""
    _before, _phrase, after = error_message(error).partition("not authorized to perform: ")
    named = after.partition(" ")[0].rstrip(".,") or action
    return Unseen(f"Not known: the caller may not {named}.", named)


def _of_role(action: str, read: Callable[[], t.Any]) -> Callable[[], t.Any]:
    """A read of the role, which may be gone."""
    allowed = _seen(action, read)

    def attempt() -> t.Any:
        try:
            return allowed()
        except AWS_ERRORS as error:
            if is_error(error, _NO_ROLE):
                return Unseen("Not known: the service role does not exist.")
            raise

    return attempt


def _of_bucket(calls: BucketCalls, name: str, subject: Subject) -> t.Any:
    operation, missing, action = _BUCKET_READS[name]
    try:
        answer = calls.read(operation, subject.bucket_owner, missing)
    except MlflowError as error:
        if not is_denied(error):
            raise
        return Unseen(
            f"Not known: the caller may not {action}, or the bucket is not of the account {subject.bucket_owner}.",
            action,
        )
    if answer is None:
        return Unseen(f"Not known: the bucket {subject.bucket} does not exist.")
    return _NORMAL[name](answer, Place(subject.bucket, subject.region, subject.partition, subject.bucket_owner))


def _role(iam: t.Any, role: Mapping[str, str]) -> dict[str, t.Any]:
    found = iam.get_role(**role)["Role"]
    return {"trust": _policy_document.parse(found["AssumeRolePolicyDocument"], "the trust policy of the service role")}


def _inline_policies(iam: t.Any, role: Mapping[str, str]) -> dict[str, Document]:
    pages = iam.get_paginator("list_role_policies").paginate(**role)
    names = [name for page in pages for name in page["PolicyNames"]]
    return {name: _document(iam.get_role_policy(PolicyName=name, **role)["PolicyDocument"], name) for name in names}


def _attached_policies(iam: t.Any, role: Mapping[str, str]) -> dict[str, dict[str, Document]]:
    """The documents of the managed policies, those of AWS apart."""
    found: dict[str, dict[str, Document]] = {"customer": {}, "aws": {}}
    for page in iam.get_paginator("list_attached_role_policies").paginate(**role):
        for policy in page["AttachedPolicies"]:
            arn = policy["PolicyArn"]
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
            whose = "aws" if arn.split(":")[4] == "aws" else "customer"
            found[whose][policy["PolicyName"]] = _document(document, arn)
    return found


def _users(iam: t.Any) -> dict[str, dict[str, Document]]:
    """The policies that users have themselves; those of AWS are not about one MLflow, and are left out."""
    users: list[Mapping[str, t.Any]] = []
    managed: dict[str, Document] = {}
    pages = iam.get_paginator("get_account_authorization_details").paginate(Filter=["User", "LocalManagedPolicy"])
    for page in pages:
        users += page["UserDetailList"]
        for policy in page["Policies"]:
            default = next(v for v in policy["PolicyVersionList"] if v["VersionId"] == policy["DefaultVersionId"])
            managed[policy["Arn"]] = _document(default["Document"], policy["Arn"])
    return {user["UserName"]: _documents_of(user, managed) for user in users}


def _documents_of(user: Mapping[str, t.Any], managed: Mapping[str, Document]) -> dict[str, Document]:
    inline = {p["PolicyName"]: _document(p["PolicyDocument"], p["PolicyName"]) for p in user.get("UserPolicyList", ())}
    attached = [policy["PolicyArn"] for policy in user.get("AttachedManagedPolicies", ())]
    return {**inline, **{arn: managed[arn] for arn in attached if arn in managed}}


def _document(document: t.Any, where: str) -> Document:
    return _policy_document.parse(document, f"the policy {where}")


def _account_block(control: t.Any, account: Mapping[str, str]) -> dict[str, bool]:
    try:
        answer = control.get_public_access_block(**account)["PublicAccessBlockConfiguration"]
    except AWS_ERRORS as error:
        if is_error(error, ("NoSuchPublicAccessBlockConfiguration",)):
            return _flags({})
        raise
    return _flags(answer)


def _flags(configuration: Mapping[str, t.Any]) -> dict[str, bool]:
    return {flag: bool(configuration.get(word)) for flag, word in settings.PUBLIC_ACCESS_FLAGS.items()}


def _access_points(control: t.Any, account: Mapping[str, str], bucket: str) -> list[str]:
    """botocore has no paginator for it."""
    names: list[str] = []
    more: dict[str, str] = {}
    while True:
        page = control.list_access_points(Bucket=bucket, **account, **more)
        names += [point["Name"] for point in page.get("AccessPointList", ())]
        if not page.get("NextToken"):
            return names
        more = {"NextToken": page["NextToken"]}


def _key(kms: t.Any, key: str) -> dict[str, t.Any]:
    described = kms.describe_key(KeyId=key)["KeyMetadata"]
    arn, manager = described["Arn"], described["KeyManager"]
    rotates = manager == "AWS" or bool(kms.get_key_rotation_status(KeyId=arn)["KeyRotationEnabled"])
    policy = kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"]
    return {
        "arn": arn,
        "state": described["KeyState"],
        "manager": manager,
        "origin": described.get("Origin", "AWS_KMS"),
        "rotates": rotates,
        "policy": _document(policy, f"of the key {arn}"),
    }


def _trail(cloudtrail: t.Any, trail: Mapping[str, t.Any]) -> dict[str, t.Any]:
    arn = trail["TrailARN"]
    selectors = cloudtrail.get_event_selectors(TrailName=arn)
    return {
        "name": trail["Name"],
        "is_logging": bool(cloudtrail.get_trail_status(Name=arn)["IsLogging"]),
        "multi_region": bool(trail.get("IsMultiRegionTrail")),
        "validates": bool(trail.get("LogFileValidationEnabled")),
        "kms_key_id": trail.get("KmsKeyId"),
        "log_group": trail.get("CloudWatchLogsLogGroupArn"),
        "basic": selectors.get("EventSelectors") or [],
        "advanced": selectors.get("AdvancedEventSelectors") or [],
    }


def _acl(answer: Mapping[str, t.Any], _place: Place) -> list[dict[str, t.Any]]:
    return [{**grant["Grantee"], "permission": grant["Permission"]} for grant in answer.get("Grants", ())]


def _notifications(answer: Mapping[str, t.Any], _place: Place) -> list[str]:
    return sorted(kind for kind, value in answer.items() if value or kind == "EventBridgeConfiguration")


def _lifecycle(answer: Mapping[str, t.Any], place: Place) -> Sequence[Mapping[str, t.Any]]:
    return Lifecycle((), (), purge=False).normal(answer, place)


def _policy(answer: Mapping[str, t.Any], place: Place) -> Document:
    text = answer.get("Policy")
    return _policy_document.parse(text, f"the policy of the bucket '{place.bucket}'") if text else _EMPTY_DOCUMENT


def _versioning(answer: Mapping[str, t.Any], _place: Place) -> dict[str, str]:
    return {
        "status": str(answer.get("Status", settings.NEVER_VERSIONED)),
        "mfa_delete": str(answer.get("MFADelete", "Disabled")),
    }


_NORMAL: dict[str, Callable[[Mapping[str, t.Any], Place], t.Any]] = {
    "versioning": _versioning,
    "encryption": settings.Encryption("", with_key=False, bucket_key_enabled=None).normal,
    "public_access_block": settings.PublicAccessBlock({}).normal,
    "object_ownership": settings.ObjectOwnership("").normal,
    "policy": _policy,
    "lifecycle_rules": _lifecycle,
    "logging": settings.Logging(None).normal,
    "acl": _acl,
    "replication": lambda answer, _place: answer.get("ReplicationConfiguration", {}).get("Rules", []),
    "notifications": _notifications,
    "object_lock": lambda answer, _place: answer.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled"),
}


def _keep_addresses_whole(client: t.Any) -> None:
    """S3 Control puts the account before the host's name, and no name can stand before an IP address."""
    host = urlsplit(client.meta.endpoint_url).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return
    client.meta.events.register_first("before-sign.s3-control", functools.partial(_without_account, host))


def _without_account(host: str, request: t.Any = None, **_event: t.Any) -> None:
    parts = urlsplit(request.url)
    netloc = parts.netloc[parts.netloc.find(host) :]
    request.url = urlunsplit(parts._replace(netloc=netloc))
