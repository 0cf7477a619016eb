# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a wish for a service role means, told without our code: what IAM must hold, and what the diff must say."""

from __future__ import annotations

import copy
import json
import typing as t
from dataclasses import dataclass

from botocore.exceptions import ClientError
from local_region import ACCOUNT, REGION
from properties.contract import Refusal
from properties.role_wishes import ALIAS, ARNS, OF_AWS, ROLE, SAGEMAKER
from properties.statements import in_any_order, policy_meaning, statement_meaning

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from properties.contract import Wish

Role = dict[str, t.Any]
OWN = ("MLflowBasicAccess", "MLflowKMSAccess")
FOREIGN_TAGS = ("aws:", "sagemaker:", "AmazonDataZone")
ASSUME = "sts:AssumeRole"


@dataclass(frozen=True)
class Trust:
    """A trust policy. Two are equal when they let the same in, however that is spread over statements."""

    document: dict[str, t.Any]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Trust) and self.parts() == other.parts()

    def __hash__(self) -> int:
        return hash(json.dumps(self.document, sort_keys=True))

    def parts(self) -> list[t.Any]:
        """Who may do what under which conditions, one by one."""
        return in_any_order(part for statement in self.document["Statement"] for part in _parts(statement))


def _parts(statement: Mapping[str, t.Any]) -> Iterator[tuple[t.Any, ...]]:
    for kind, names in statement["Principal"].items():
        for name in names:
            for action in statement["Action"]:
                yield statement["Effect"], kind, name, action, statement.get("Condition")


class RoleSubject:
    """The module iam_mlflow_role."""

    module = "iam_mlflow_role"
    unforeseeable = frozenset({"role_id", "create_date"})

    def __init__(self, iam: t.Any) -> None:
        self._iam = iam

    def held(self) -> Role | None:
        """Everything of the role."""
        return role_held(self._iam, ROLE)

    def options(self, wish: Wish) -> dict[str, t.Any]:
        """The wish with the role's name."""
        return {"name": ROLE, **wish}

    def wished(self, held: Role | None, wish: Wish) -> Role | Refusal | None:
        """Each aspect that is asked about as asked, the others as they are."""
        refusal = None if held is None else _refusal(held, wish)
        if refusal or wish.get("state") == "absent":
            return refusal
        return role_wished(held, wish)

    def shown(self, held: Role | None, other: Role | None, wish: Wish) -> dict[str, t.Any]:
        """What was asked about, and what differs; everything of a role that comes or goes."""
        return role_shown(held, other, wish)

    def plain(self, shown: Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Policies by their meaning."""
        plain = dict(shown)
        if plain.get("assume_role_policy_document"):
            plain["assume_role_policy_document"] = policy_meaning(plain["assume_role_policy_document"])
        plain["inline_policies"] = {
            name: policy_meaning(document) for name, document in plain.get("inline_policies", {}).items()
        }
        return plain


def role_held(iam: t.Any, name: str) -> Role | None:
    """Everything that IAM tells of the role; None when there is none."""
    try:
        role = iam.get_role(RoleName=name)["Role"]
    except ClientError as error:
        assert error.response["Error"]["Code"] == "NoSuchEntity"
        return None
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    profiles = iam.list_instance_profiles_for_role(RoleName=name)["InstanceProfiles"]
    return {
        "trust": Trust(policy_meaning(role["AssumeRolePolicyDocument"])),
        "path": role["Path"],
        "description": role.get("Description", ""),
        "max_session_duration": role["MaxSessionDuration"],
        "permissions_boundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        "tags": {tag["Key"]: tag["Value"] for tag in role.get("Tags", [])},
        "inline": {
            policy: policy_meaning(iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"])
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
        },
        "managed": sorted(policy["PolicyArn"] for policy in attached),
        "profiles": [profile["InstanceProfileName"] for profile in profiles],
    }


def _refusal(held: Role, wish: Wish) -> Refusal | None:
    parts = held["trust"].parts()
    admitted = any(part[0] == "Allow" and part[1:4] == ["Service", SAGEMAKER, ASSUME] for part in map(list, parts))
    if not admitted and not set(OWN) & held["inline"].keys():
        return Refusal("belongs to somebody else")
    if wish.get("state") == "absent":
        if any(part[0] == "Allow" and part[2] != SAGEMAKER for part in parts):
            return Refusal("is also trusted to")
        return Refusal("is in the instance profile") if held["profiles"] else None
    return Refusal("cannot move it") if wish.get("path", held["path"]) != held["path"] else None


def role_wished(held: Role | None, wish: Wish) -> Role:
    """What a wish that is not refused makes of a role."""
    after = copy.deepcopy(held) if held else copy.deepcopy(NEW)
    after["trust"] = _trust(held, wish)
    for aspect in ("description", "max_session_duration", "path"):
        after[aspect] = wish.get(aspect, after[aspect])
    after["permissions_boundary"] = wish.get("permissions_boundary", after["permissions_boundary"]) or None
    if "tags" in wish:
        kept = after["tags"]
        if wish.get("purge_tags"):
            kept = {key: value for key, value in kept.items() if key.startswith(FOREIGN_TAGS)}
        after["tags"] = {**kept, **{key: _text(value) for key, value in wish["tags"].items()}}
    after["inline"] = _inline(after["inline"], wish)
    managed = {OF_AWS if name == "AmazonS3ReadOnlyAccess" else name for name in wish.get("managed_policies", ())}
    after["managed"] = sorted(managed | (set() if wish.get("purge_managed_policies") else set(after["managed"])))
    return after


NEW: Role = {
    "path": "/",
    "description": "",
    "max_session_duration": 3600,
    "permissions_boundary": None,
    "tags": {},
    "inline": {},
    "managed": [],
    "profiles": [],
}


def _text(value: t.Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _trust(held: Role | None, wish: Wish) -> Trust:
    condition: dict[str, t.Any] = {}
    if wish.get("confused_deputy_protection", True):
        account = wish.get("source_account", ACCOUNT)
        arns = wish.get("source_arn", [f"arn:aws:sagemaker:{REGION}:{account}:*"])
        condition = {"Condition": {"StringEquals": {"aws:SourceAccount": account}, "ArnLike": {"aws:SourceArn": arns}}}
    ours = statement_meaning({"Effect": "Allow", "Principal": {"Service": SAGEMAKER}, "Action": ASSUME, **condition})
    kept: list[dict[str, t.Any]] = []
    if held is not None:
        for effect, kind, name, action, its_condition in held["trust"].parts():
            if (effect, kind, name, action) != ("Allow", "Service", SAGEMAKER, ASSUME):
                more = {} if its_condition is None else {"Condition": its_condition}
                kept.append({"Effect": effect, "Principal": {kind: [name]}, "Action": [action], **more})
    return Trust({"Statement": [*kept, ours]})


def _inline(present: Mapping[str, t.Any], wish: Wish) -> dict[str, t.Any]:
    own = {"MLflowBasicAccess": _basic_access(wish)}
    key = wish.get("kms_key_id")
    if key:
        own["MLflowKMSAccess"] = _kms_access({ALIAS: ARNS[0]}.get(key, key if "/" in key else f"{ARNS[0][:-36]}{key}"))
    others = {
        name: json.loads(document) if isinstance(document, str) else document
        for name, document in wish.get("inline_policies", {}).items()
    }
    kept = dict(present)
    if key == "":
        kept.pop("MLflowKMSAccess", None)
    if wish.get("purge_inline_policies"):
        kept = {name: document for name, document in kept.items() if name in OWN}
    return {**kept, **{name: policy_meaning(document) for name, document in {**own, **others}.items()}}


def _basic_access(wish: Wish) -> dict[str, t.Any]:
    bucket, _slash, prefix = wish["artifact_store_uri"].removeprefix("s3://").rstrip("/").partition("/")
    arn = f"arn:aws:s3:::{bucket}"
    objects = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
    objects += ["s3:DeleteObject"] if wish.get("artifact_deletion") else []
    only = {"Condition": {"StringLike": {"s3:prefix": [prefix, f"{prefix}/*"]}}} if prefix else {}
    looking = ["s3:GetBucketLocation", "s3:ListBucketMultipartUploads"]
    statements = [
        _allow("ReadAndWriteArtifacts", objects, f"{arn}/{prefix}/*" if prefix else f"{arn}/*"),
        {**_allow("ListArtifacts", "s3:ListBucket", arn), **only},
        _allow("LookAtBucket", looking, arn),
    ]
    if wish.get("model_registration"):
        base = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}"
        models = (
            "AddTags",
            "CreateModelPackage",
            "CreateModelPackageGroup",
            "DescribeModelPackageGroup",
            "UpdateModelPackage",
        )
        lineage = ("AddAssociation", "AddTags", "CreateAction")
        statements += [
            _allow(
                "RegisterModels", _of_sagemaker(models), [f"{base}:model-package/*", f"{base}:model-package-group/*"]
            ),
            _allow(
                "RecordLineage",
                _of_sagemaker(lineage),
                [f"{base}:{kind}/*" for kind in ("action", "artifact", "context")],
            ),
        ]
    return {"Version": "2012-10-17", "Statement": statements}


def _of_sagemaker(actions: t.Iterable[str]) -> list[str]:
    return [f"sagemaker:{action}" for action in actions]


def _allow(sid: str, action: t.Any, resource: t.Any) -> dict[str, t.Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resource}


def _kms_access(arn: str) -> dict[str, t.Any]:
    condition = {"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}}
    use = _allow("UseKeyForArtifacts", ["kms:Decrypt", "kms:GenerateDataKey"], arn)
    return {"Version": "2012-10-17", "Statement": [{**use, "Condition": condition}]}


ASKED_BY = {
    "path": ("path",),
    "description": ("description",),
    "max_session_duration": ("max_session_duration",),
    "permissions_boundary": ("permissions_boundary",),
    "tags": ("tags",),
    "managed_policies": ("managed_policies", "purge_managed_policies"),
}


def role_shown(held: Role | None, other: Role | None, wish: Wish) -> dict[str, t.Any]:
    """What one side of the diff says."""
    if held is None:
        return {}
    declared = {
        "MLflowBasicAccess",
        *wish.get("inline_policies", {}),
        *(["MLflowKMSAccess"] if wish.get("kms_key_id") else []),
    }
    moved = held["inline"].keys() ^ (other["inline"].keys() if other else set())
    values = {**held, "managed_policies": held["managed"]}
    return {
        "assume_role_policy_document": held["trust"].document,
        "inline_policies": {name: each for name, each in held["inline"].items() if name in declared | moved},
        **{
            aspect: values[aspect]
            for aspect, names in ASKED_BY.items()
            if other is None or any(wish.get(name, False) is not False for name in names)
        },
    }
