# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a wish for a tracking server means, told without our code."""

from __future__ import annotations

import copy
import typing as t

from botocore.exceptions import ClientError
from local_region import ACCOUNT
from properties.contract import Refusal
from properties.server_wishes import SERVER

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from properties.contract import Wish

Held = dict[str, t.Any]
FIELDS = {
    "artifact_store_uri": "ArtifactStoreUri",
    "tracking_server_size": "TrackingServerSize",
    "automatic_model_registration": "AutomaticModelRegistration",
    "weekly_maintenance_window_start": "WeeklyMaintenanceWindowStart",
    "s3_bucket_owner_account_id": "S3BucketOwnerAccountId",
    "s3_bucket_owner_verification": "S3BucketOwnerVerification",
}
NEW = {
    "tracking_server_size": "Small",
    "automatic_model_registration": False,
    "s3_bucket_owner_account_id": ACCOUNT,
    "s3_bucket_owner_verification": True,
}
"""What AWS makes of what a creation leaves out; the window it chooses by itself."""
FOREIGN_TAGS = ("aws:", "sagemaker:", "AmazonDataZone")
BYSTANDER = "bystander"


class ServerSubject:
    """The module sagemaker_mlflow_server."""

    module = "sagemaker_mlflow_server"
    unforeseeable = frozenset(
        {
            "mlflow_version",
            "tracking_server_url",
            "creation_time",
            "created_by",
            "last_modified_time",
            "last_modified_by",
        }
    ) | {"weekly_maintenance_window_start"}

    def __init__(self, sagemaker: t.Any) -> None:
        self._sagemaker = sagemaker

    def held(self) -> Held:
        """The server, and one that has nothing to do with it."""
        server = server_held(self._sagemaker, SERVER)
        return {"server": server, "bystander": server_held(self._sagemaker, BYSTANDER)}

    def options(self, wish: Wish) -> dict[str, t.Any]:
        """The wish with the server's name."""
        return {"name": SERVER, **wish}

    def wished(self, held: Held, wish: Wish) -> Held | Refusal:
        """Each aspect that is asked about as asked, the others as they are."""
        server = held["server"]
        refusal = _refusal(server, wish)
        if refusal:
            return refusal
        if wish.get("state") == "absent":
            return {**held, "server": None}
        after = server_wished(server, wish)
        if server and server["delete_failed"] and any(after[key] != server[key] for key in ("active", *FIELDS)):
            return Refusal("Its deletion failed", by_aws=True)
        return {**held, "server": after}

    def shown(self, held: Held, other: Held, wish: Wish) -> dict[str, t.Any]:
        """What was asked about; everything of a server that goes away."""
        server = held["server"]
        if server is None:
            return {}
        if wish.get("state") == "absent" or server["failed"]:
            return {
                "name": SERVER,
                "role_arn": server["role_arn"],
                **{name: _normal(name, server[name]) for name in FIELDS},
            }
        told = {name: _normal(name, server[name]) for name in FIELDS if name in wish}
        told |= {name: server[name] for name in ("role_arn", "tags") if name in wish}
        if "mlflow_version" in wish:
            told["mlflow_version"] = server["mlflow_version"]
        if wish.get("state", "present") != "present":
            told["state"] = "started" if server["active"] else "stopped"
        return {"name": SERVER, **told}

    def plain(self, shown: Mapping[str, t.Any]) -> dict[str, t.Any]:
        """A diff without the status and the patch version, which only a server that goes away shows."""
        if "changed" in shown:
            return dict(shown)
        plain = {name: _normal(name, value) for name, value in shown.items() if name != "tracking_server_status"}
        if "tracking_server_status" in shown:
            plain.pop("mlflow_version", None)
        return plain


def server_held(sagemaker: t.Any, name: str) -> Held | None:
    """What AWS tells of a server, once it has done what it is at; None for one that is on its way out."""
    try:
        server = sagemaker.describe_mlflow_tracking_server(TrackingServerName=name)
    except ClientError as error:
        assert error.response["Error"]["Code"] in ("ResourceNotFound", "ResourceNotFoundException")
        return None
    status = server["TrackingServerStatus"]
    if status == "Deleting":
        return None
    tags = sagemaker.list_tags(ResourceArn=server["TrackingServerArn"])["Tags"]
    runs = server["IsActive"] == "Active" and status != "Stopping"
    return {
        "role_arn": server["RoleArn"],
        "mlflow_version": ".".join(server["MlflowVersion"].split(".")[:2]),
        "active": runs or status in ("Creating", "Starting"),
        "failed": status == "CreateFailed",
        "delete_failed": status == "DeleteFailed",
        "tags": {tag["Key"]: tag["Value"] for tag in tags},
        **{name: server[field] for name, field in FIELDS.items()},
    }


def _normal(name: str, value: t.Any) -> t.Any:
    """Slashes at the end of a URI and the case of a window make no difference."""
    if name == "artifact_store_uri" and value:
        return value.rstrip("/")
    return value.title() if name == "weekly_maintenance_window_start" and value else value


def _refusal(server: Held | None, wish: Wish) -> Refusal | None:
    if wish.get("state") == "absent":
        stays = server is not None and not server["failed"] and not wish.get("delete_data")
        return Refusal("would be deleted, and with it every experiment") if stays else None
    if server is not None and server["failed"] and not wish.get("recreate_failed"):
        return Refusal("is in state CreateFailed")
    if server is None or server["failed"]:
        lacks = {"role_arn", "artifact_store_uri"} - wish.keys()
        return Refusal("creating it needs") if lacks else None
    other_role = wish.get("role_arn", server["role_arn"]) != server["role_arn"]
    version = str(wish.get("mlflow_version", server["mlflow_version"]))
    other_version = ".".join(version.split(".")[:2]) != server["mlflow_version"]
    return Refusal("differs in what AWS cannot change in place") if other_role or other_version else None


def server_wished(server: Held | None, wish: Wish) -> Held:
    """What a wish that is not refused makes of a server."""
    is_new = server is None or server["failed"]
    after: Held = dict(NEW_SERVER) if server is None or is_new else copy.deepcopy(server)
    for name in FIELDS:
        if name in wish and _normal(name, wish[name]) != _normal(name, after.get(name)):
            after[name] = wish[name].title() if name == "weekly_maintenance_window_start" else wish[name]
    if is_new:
        after["role_arn"] = wish["role_arn"]
        after["mlflow_version"] = ".".join(wish.get("mlflow_version", "3.0").split(".")[:2])
        after.setdefault("weekly_maintenance_window_start", ANY)
    if "tags" in wish:
        kept = after["tags"]
        if wish.get("purge_tags"):
            kept = {key: value for key, value in kept.items() if key.startswith(FOREIGN_TAGS)}
        after["tags"] = {**kept, **{key: _text(value) for key, value in wish["tags"].items()}}
    after["active"] = {"started": True, "stopped": False}.get(wish.get("state", "present"), after["active"])
    return after


class _Any:
    """Equal to everything: what AWS chooses."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


ANY = _Any()
NEW_SERVER: Held = {**NEW, "active": True, "failed": False, "delete_failed": False, "tags": {}}


def _text(value: t.Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
