# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM in front of real calls: which rights a call needs, and how each service says no."""

from __future__ import annotations

import contextlib
import json
import urllib.error
import urllib.request
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from local_callers import Keys, LocalAws, policy, refused

if TYPE_CHECKING:
    from collections.abc import Callable

ACCOUNT = "123456789012"
SERVERS = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:mlflow-tracking-server"
ANN = f"arn:aws:iam::{ACCOUNT}:user/ann"


def allow(action: str | list[str], resource: str | list[str] = "*", **elements: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **elements}


@pytest.fixture
def enforcing(local_aws: LocalAws) -> LocalAws:
    """A local AWS that enforces IAM, with a role and a bucket to make tracking servers with."""
    local_aws.role("service")
    local_aws.client("s3").create_bucket(Bucket="artifacts")
    local_aws.admin("POST", "config", {"iam_enforcement": True})
    return local_aws


def create(client: Any, name: str = "mine", **options: Any) -> Any:
    return client.create_mlflow_tracking_server(
        TrackingServerName=name,
        ArtifactStoreUri="s3://artifacts/x",
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/service",
        **options,
    )


def test_without_enforcement_everybody_may_do_everything(local_aws: LocalAws) -> None:
    keys = local_aws.user("ann")
    assert local_aws.client("iam", keys).list_roles()["Roles"] == []


def test_creating_a_server_takes_three_rights(enforcing: LocalAws) -> None:
    """CreateMlflowTrackingServer on its ARN, PassRole on the role to SageMaker, AddTags for tags."""
    passing = allow(
        "iam:PassRole",
        f"arn:aws:iam::{ACCOUNT}:role/service",
        Condition={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
    )
    rights = [allow("sagemaker:CreateMlflowTrackingServer", f"{SERVERS}/mine"), passing]
    keys = enforcing.user("ann", *rights)
    client = enforcing.client("sagemaker", keys)
    code, status, message = refused(lambda: create(client, "other"))
    assert (code, status) == ("AccessDeniedException", 400)
    assert message == (
        f"User: {ANN} is not authorized to perform: sagemaker:CreateMlflowTrackingServer on resource: {SERVERS}/other "
        "because no identity-based policy allows the sagemaker:CreateMlflowTrackingServer action"
    )
    tagged = refused(lambda: create(client, Tags=[{"Key": "team", "Value": "a"}]))[2]
    assert f"sagemaker:AddTags on resource: {SERVERS}/mine because" in tagged
    create(client)
    enforcing.client("iam").put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=policy(rights[0]))
    passed = refused(lambda: create(client))[2]
    assert f"not authorized to perform: iam:PassRole on resource: arn:aws:iam::{ACCOUNT}:role/service because" in passed


def test_a_server_s_tags_decide(enforcing: LocalAws) -> None:
    root = enforcing.client("sagemaker")
    create(root, "ours", Tags=[{"Key": "team", "Value": "a"}])
    create(root, "theirs", Tags=[{"Key": "team", "Value": "b"}])
    condition = {"StringEquals": {"aws:ResourceTag/team": "a"}}
    keys = enforcing.user("ann", allow("sagemaker:Describe*", Condition=condition))
    client = enforcing.client("sagemaker", keys)
    assert client.describe_mlflow_tracking_server(TrackingServerName="ours")["TrackingServerName"] == "ours"
    assert (
        refused(lambda: client.describe_mlflow_tracking_server(TrackingServerName="theirs"))[0]
        == "AccessDeniedException"
    )


def test_an_app_is_known_by_its_arn(enforcing: LocalAws) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/service"
    root = enforcing.client("sagemaker")
    arns = [root.create_mlflow_app(Name=n, ArtifactStoreUri="s3://artifacts/", RoleArn=role)["Arn"] for n in ("a", "b")]
    client = enforcing.client("sagemaker", enforcing.user("ann", allow("sagemaker:*MlflowApp", arns[0])))
    assert client.describe_mlflow_app(Arn=arns[0])["Name"] == "a"
    assert refused(lambda: client.describe_mlflow_app(Arn=arns[1]))[0] == "AccessDeniedException"


DENIALS: list[tuple[str, Callable[[Any], object], str, int, str]] = [
    ("iam", lambda c: c.get_role(RoleName="service"), "AccessDenied", 403, f"arn:aws:iam::{ACCOUNT}:role/service "),
    ("iam", lambda c: c.list_roles(), "AccessDenied", 403, "on resource: * because"),
    ("s3", lambda c: c.list_objects_v2(Bucket="artifacts"), "AccessDenied", 403, '"arn:aws:s3:::artifacts" because'),
    ("s3", lambda c: c.put_object(Bucket="artifacts", Key="a/b"), "AccessDenied", 403, '"arn:aws:s3:::artifacts/a/b"'),
    ("s3", lambda c: c.get_bucket_encryption(Bucket="artifacts"), "AccessDenied", 403, "s3:GetEncryptionConfiguration"),
    ("s3", lambda c: c.head_bucket(Bucket="artifacts"), "403", 403, "Forbidden"),
    ("scheduler", lambda c: c.get_schedule(Name="s"), "AccessDeniedException", 403, ":schedule/default/s because"),
    ("kms", lambda c: c.list_keys(), "AccessDeniedException", 400, "kms:ListKeys on resource: * because"),
    ("sts", lambda c: c.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/service", RoleSessionName="s1"),
     "AccessDenied", 403, f"sts:AssumeRole on resource: arn:aws:iam::{ACCOUNT}:role/service"),
]  # fmt: skip


@pytest.mark.parametrize(("service", "call", "code", "status", "words"), DENIALS)
def test_each_service_says_no_in_its_own_way(
    enforcing: LocalAws, service: str, call: Callable[[Any], object], code: str, status: int, words: str
) -> None:
    client = enforcing.client(service, enforcing.user("ann"))
    found, found_status, message = refused(lambda: call(client))
    assert (found, found_status) == (code, status)
    assert words in message
    last = enforcing.admin("GET", "log")[-1]
    assert (last["denied"], last["status"]) == (True, status)


def test_everybody_may_ask_who_they_are(enforcing: LocalAws) -> None:
    assert enforcing.client("sts", enforcing.user("ann")).get_caller_identity()["Arn"] == ANN


def test_groups_and_managed_policies_count(enforcing: LocalAws) -> None:
    keys = enforcing.user("ann")
    iam = enforcing.client("iam")
    iam.create_group(GroupName="readers")
    iam.add_user_to_group(GroupName="readers", UserName="ann")
    iam.attach_group_policy(GroupName="readers", PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    client = enforcing.client("iam", keys)
    assert [role["RoleName"] for role in client.list_roles()["Roles"]] == ["service"]
    assert refused(lambda: client.delete_role(RoleName="service"))[0] == "AccessDenied"


def assume(enforcing: LocalAws, name: str, *, boundary: str | None = None, session: str | None = None) -> Keys:
    """A session of a role that may do everything in IAM and S3."""
    iam = enforcing.client("iam")
    trust = policy({"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"})
    options = {} if boundary is None else {"PermissionsBoundary": boundary}
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, **options)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=policy(allow(["iam:*", "s3:*"])))
    options = {} if session is None else {"Policy": session}
    found = enforcing.client("sts").assume_role(RoleArn=arn, RoleSessionName="work", **options)["Credentials"]
    return Keys(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])


def test_a_boundary_and_a_session_policy_narrow_a_role(enforcing: LocalAws) -> None:
    only_s3 = policy(allow("s3:*"))
    boundary = enforcing.client("iam").create_policy(PolicyName="only-s3", PolicyDocument=only_s3)["Policy"]["Arn"]
    for keys, words in (
        (assume(enforcing, "bounded", boundary=boundary), "because no permissions boundary allows the iam:ListRoles"),
        (assume(enforcing, "narrowed", session=only_s3), "because no session policy allows the iam:ListRoles"),
    ):
        enforcing.client("s3", keys).list_objects_v2(Bucket="artifacts")
        assert words in refused(enforcing.client("iam", keys).list_roles)[2]
    enforcing.client("iam", assume(enforcing, "free")).list_roles()


def test_a_trust_policy_is_needed_beside_the_right(enforcing: LocalAws) -> None:
    keys = enforcing.user("ann", allow("sts:AssumeRole"))
    sts = enforcing.client("sts", keys)
    arn = f"arn:aws:iam::{ACCOUNT}:role/service"
    message = refused(lambda: sts.assume_role(RoleArn=arn, RoleSessionName="work"))[2]
    assert f"{ANN} is not authorized to perform: sts:AssumeRole on resource: {arn}" in message
    trust = policy(
        {
            "Effect": "Allow",
            "Principal": {"AWS": ANN},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": "secret"}},
        }
    )
    enforcing.client("iam").update_assume_role_policy(RoleName="service", PolicyDocument=trust)
    refused(lambda: sts.assume_role(RoleArn=arn, RoleSessionName="work", ExternalId="wrong"))
    found = sts.assume_role(RoleArn=arn, RoleSessionName="work", ExternalId="secret")
    assert found["AssumedRoleUser"]["Arn"].endswith(":assumed-role/service/work")


def bucket_policy(enforcing: LocalAws, *statements: dict[str, Any]) -> None:
    enforcing.client("s3").put_bucket_policy(Bucket="artifacts", Policy=policy(*statements))


def test_a_bucket_policy_grants_and_forbids(enforcing: LocalAws) -> None:
    keys = enforcing.user("ann")
    objects = "arn:aws:s3:::artifacts/*"
    s3 = enforcing.client("s3", keys)
    bucket_policy(enforcing, {**allow(["s3:PutObject", "s3:GetObject"], objects), "Principal": {"AWS": ANN}})
    s3.put_object(Bucket="artifacts", Key="k", Body=b"x")
    forbidding = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": objects}
    bucket_policy(enforcing, forbidding)
    for client in (s3, enforcing.client("s3")):
        message = refused(partial(client.get_object, Bucket="artifacts", Key="k"))[2]
        assert "with an explicit deny in a resource-based policy" in message
    enforcing.client("s3").delete_bucket_policy(Bucket="artifacts")
    assert enforcing.client("s3").get_object(Bucket="artifacts", Key="k")["Body"].read() == b"x"


@pytest.mark.parametrize("secure", [True, False])
def test_only_over_tls(enforcing: LocalAws, secure: bool) -> None:
    """The endpoint is plain HTTP; whether that counts as TLS is a setting, or no TLS-only bucket could be used."""
    enforcing.admin("POST", "config", {"secure_transport": secure})
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    both = ["arn:aws:s3:::artifacts", "arn:aws:s3:::artifacts/*"]
    bucket_policy(
        enforcing, {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": both, "Condition": condition}
    )
    list_objects = enforcing.client("s3").list_objects_v2
    if secure:
        list_objects(Bucket="artifacts")
    else:
        assert refused(lambda: list_objects(Bucket="artifacts"))[0] == "AccessDenied"


def test_anonymous_callers_get_what_is_public(local_aws: LocalAws) -> None:
    """That needs no enforcement: without a signature there is nobody whose rights could be left unchecked."""
    s3 = local_aws.client("s3")
    s3.create_bucket(Bucket="pages")
    s3.put_object(Bucket="pages", Key="index.html", Body=b"hello")
    url = f"{local_aws.endpoint}/pages/index.html"
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(url, timeout=10)
    public = {**allow("s3:GetObject", "arn:aws:s3:::pages/*"), "Principal": "*"}
    s3.delete_public_access_block(Bucket="pages")
    s3.put_bucket_policy(Bucket="pages", Policy=policy(public))
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.read() == b"hello"


def test_a_key_s_policy_decides(enforcing: LocalAws) -> None:
    kms = enforcing.client("kms")
    open_key = kms.create_key()["KeyMetadata"]["KeyId"]
    own = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/somebody"},
        "Action": "kms:*",
        "Resource": "*",
    }
    enforcing.user("somebody")
    closed_key = kms.create_key(
        Policy=json.dumps({"Version": "2012-10-17", "Statement": [own]}), BypassPolicyLockoutSafetyCheck=True
    )["KeyMetadata"]["KeyId"]
    client = enforcing.client("kms", enforcing.user("ann", allow("kms:DescribeKey")))
    assert client.describe_key(KeyId=open_key)["KeyMetadata"]["KeyId"] == open_key
    message = refused(lambda: client.describe_key(KeyId=closed_key))[2]
    assert f"key/{closed_key} because no resource-based policy allows the kms:DescribeKey action" in message


def test_an_app_s_key_takes_two_rights_of_whoever_creates_it(enforcing: LocalAws) -> None:
    """DescribeKey and CreateGrant on the key, through SageMaker and for the operations that AWS documents."""
    key = enforcing.client("kms").create_key()["KeyMetadata"]["Arn"]
    rights = [allow(["sagemaker:CreateMlflowApp", "iam:PassRole"])]
    user = enforcing.client("sagemaker", enforcing.user("ann", *rights))
    app = {"Name": "mine", "ArtifactStoreUri": "s3://artifacts", "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/service"}
    user.create_mlflow_app(**app)
    operations = ["CreateGrant", "Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey"]
    operations += ["GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo", "RetireGrant"]
    condition = {
        "StringEquals": {"kms:ViaService": "sagemaker.us-east-1.amazonaws.com"},
        "ForAllValues:StringEquals": {"kms:GrantOperations": operations},
    }
    for action in ("kms:DescribeKey", "kms:CreateGrant"):
        assert action in refused(lambda: user.create_mlflow_app(**app, KmsKeyId=key))[2]
        rights.append(allow(action, key, Condition=condition if action == "kms:CreateGrant" else {}))
        enforcing.client("iam").put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=policy(*rights))
    user.create_mlflow_app(**app, KmsKeyId=key)


S3_ACTIONS: list[tuple[str, Callable[[Any], object]]] = [
    ("s3:ListAllMyBuckets", lambda s3: s3.list_buckets()),
    ("s3:GetLifecycleConfiguration", lambda s3: s3.get_bucket_lifecycle_configuration(Bucket="artifacts")),
    ("s3:PutLifecycleConfiguration", lambda s3: s3.delete_bucket_lifecycle(Bucket="artifacts")),
    ("s3:PutBucketTagging", lambda s3: s3.delete_bucket_tagging(Bucket="artifacts")),
    ("s3:GetBucketPublicAccessBlock", lambda s3: s3.get_public_access_block(Bucket="artifacts")),
    ("s3:GetIntelligentTieringConfiguration",
     lambda s3: s3.list_bucket_intelligent_tiering_configurations(Bucket="artifacts")),
    ("s3:PutMetricsConfiguration", lambda s3: s3.delete_bucket_metrics_configuration(Bucket="artifacts", Id="i")),
    ("s3:GetObject", lambda s3: s3.head_object(Bucket="artifacts", Key="k")),
    ("s3:GetObjectVersion", lambda s3: s3.get_object(Bucket="artifacts", Key="k", VersionId="v")),
    ("s3:PutObject", lambda s3: s3.create_multipart_upload(Bucket="artifacts", Key="k")),
    ("s3:DeleteObject", lambda s3: s3.delete_objects(Bucket="artifacts", Delete={"Objects": [{"Key": "k"}]})),
    ("s3:GetBucketCORS", lambda s3: s3.get_bucket_cors(Bucket="artifacts")),
]  # fmt: skip


def test_a_bucket_with_tags_and_an_owner_of_objects_takes_three_rights(enforcing: LocalAws) -> None:
    wanted = {
        "CreateBucketConfiguration": {"Tags": [{"Key": "team", "Value": "a"}]},
        "ObjectOwnership": "BucketOwnerEnforced",
    }
    rights = ["s3:CreateBucket", "s3:TagResource", "s3:PutBucketOwnershipControls"]
    keys = enforcing.user("ann", allow("s3:GetObject"))
    for number, right in enumerate(rights):
        message = refused(partial(enforcing.client("s3", keys).create_bucket, Bucket="new", **wanted))[2]
        assert f"not authorized to perform: {right} on resource" in message
        document = policy(allow(rights[: number + 1], "arn:aws:s3:::new"))
        enforcing.client("iam").put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=document)
    enforcing.client("s3", keys).create_bucket(Bucket="new", **wanted)


@pytest.mark.parametrize(("action", "call"), S3_ACTIONS, ids=[action for action, _unused in S3_ACTIONS])
def test_the_action_of_an_s3_call(enforcing: LocalAws, action: str, call: Callable[[Any], object]) -> None:
    """With just this action the call is allowed (whatever comes of it), with all others it is not."""
    with_it = enforcing.client("s3", enforcing.user("ann", allow(action)))
    without = enforcing.client("s3", enforcing.user("bob", {"Effect": "Allow", "NotAction": action, "Resource": "*"}))
    for client, denied in ((with_it, False), (without, True)):
        with contextlib.suppress(ClientError):
            call(client)
        assert enforcing.admin("GET", "log")[-1]["denied"] is denied
