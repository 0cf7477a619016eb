# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a wish for an MLflow App means, told without our code."""

from __future__ import annotations

import copy
import typing as t

from properties.app_wishes import ALIAS, APP, ARNS
from properties.contract import Refusal
from properties.server_subject import ANY, FOREIGN_TAGS, _normal, _text

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from properties.contract import Wish

App = dict[str, t.Any]
Held = dict[str, App]
SETTINGS = (
    "artifact_store_uri",
    "automatic_model_registration",
    "weekly_maintenance_window_start",
    "account_default",
    "default_domain_ids",
)


class AppSubject:
    """The module sagemaker_mlflow_app."""

    module = "sagemaker_mlflow_app"
    unforeseeable = frozenset(
        {
            "arn",
            "tracking_uri",
            "mlflow_version",
            "creation_time",
            "created_by",
            "last_modified_time",
            "last_modified_by",
        }
    ) | {"weekly_maintenance_window_start"}

    def __init__(self, sagemaker: t.Any) -> None:
        self._sagemaker = sagemaker

    def held(self) -> Held:
        """Every App by its name."""
        return apps_held(self._sagemaker)

    def options(self, wish: Wish) -> dict[str, t.Any]:
        """The wish with the App's name."""
        return {"name": APP, **wish}

    def wished(self, held: Held, wish: Wish) -> Held | Refusal:
        """Each aspect that is asked about as asked, the others as they are; defaults taken from whoever has them."""
        ours = [name for name in names_of(wish) if name in held]
        if len(ours) > 1:
            return Refusal("cannot be renamed")
        if ours and _again(ours[0]) in held:
            return Refusal("live MLflow Apps named")
        app = held[ours[0]] if ours else None
        refusal = _refusal(app, wish)
        if refusal:
            # AWS need not show the key of an App that it is only creating.
            hidden = app is not None and app["kms_key_id"] is None and self._is_being_created(app["arn"])
            only_key = _refusal(app, {key: value for key, value in wish.items() if key != "kms_key_id"}) is None
            return Refusal(refusal.words, by_aws=hidden and only_key)
        others = {name: copy.deepcopy(each) for name, each in held.items() if name not in ours}
        if wish.get("state") == "absent":
            return others
        after = app_wished(app, wish)
        holders = [each for each in others.values() if _give_up(each, _taken(app, wish))]
        if holders and not wish.get("move_defaults"):
            return Refusal("cannot become the default")
        name = wish.get("new_name", ours[0] if app and not app["failed"] else APP)
        if app and app["delete_failed"] and (name not in ours or any(after[key] != app[key] for key in SETTINGS)):
            return Refusal("Its deletion failed", by_aws=True)
        if any(each["delete_failed"] for each in holders):
            return Refusal("Its deletion failed", by_aws=True)
        return {**others, name: after}

    def _is_being_created(self, arn: str) -> bool:
        return bool(self._sagemaker.describe_mlflow_app(Arn=arn)["Status"] == "Creating")

    def shown(self, held: Held, other: Held, wish: Wish) -> dict[str, t.Any]:
        """What was asked about; everything of an App that goes away."""
        name = next((name for name in names_of(wish) if name in held), None)
        if name is None:
            return {}
        app = held[name]
        settings = {option: _normal(option, app[option]) for option in SETTINGS}
        if wish.get("state") == "absent" or app["failed"]:
            return {"name": name, **settings, **{key: app[key] for key in ("arn", "role_arn", "kms_key_id")}}
        told = {option: value for option, value in settings.items() if option in wish}
        told |= {key: app[key] for key in ("role_arn", "tags") if key in wish}
        return {"name": name, **told, **({"kms_key_id": wish["kms_key_id"]} if "kms_key_id" in wish else {})}

    def plain(self, shown: Mapping[str, t.Any]) -> dict[str, t.Any]:
        """A diff without the status and the version, which only an App that goes away shows."""
        if "changed" in shown:
            return dict(shown)
        return {name: _normal(name, value) for name, value in shown.items() if name not in ("status", "mlflow_version")}


def apps_held(sagemaker: t.Any) -> Held:
    """Every App that is neither gone nor going, by its name."""
    held: Held = {}
    for listed in sagemaker.list_mlflow_apps(MaxResults=100)["Summaries"]:
        app = (
            sagemaker.describe_mlflow_app(Arn=listed["Arn"]) if listed["Status"] not in ("Deleted", "Deleting") else {}
        )
        if app.get("Status", "Deleted") in ("Deleted", "Deleting"):
            continue
        tags = sagemaker.list_tags(ResourceArn=app["Arn"])["Tags"]
        failed = app["Status"] == "CreateFailed"
        held[_again(app["Name"]) if app["Name"] in held else app["Name"]] = {
            "arn": app["Arn"],
            "role_arn": app["RoleArn"],
            "kms_key_id": app.get("KmsKeyId"),
            "artifact_store_uri": app["ArtifactStoreUri"],
            "automatic_model_registration": app["ModelRegistrationMode"] == "AutoModelRegistrationEnabled",
            "weekly_maintenance_window_start": app["WeeklyMaintenanceWindowStart"],
            "account_default": app["AccountDefaultStatus"] == "ENABLED",
            "default_domain_ids": sorted(app["DefaultDomainIdList"]),
            "failed": failed,
            "delete_failed": app["Status"] == "DeleteFailed",
            "tags": {tag["Key"]: tag["Value"] for tag in tags},
        }
    return held


def _again(name: str) -> str:
    """What a second App of a name is kept under: AWS lets an update give a name that is taken."""
    return f"{name}, again"


def names_of(wish: Wish) -> list[str]:
    """The names under which the App may be found."""
    return [*([wish["new_name"]] if "new_name" in wish else []), APP]


def _refusal(app: App | None, wish: Wish) -> Refusal | None:
    if wish.get("state") == "absent":
        stays = app is not None and not app["failed"] and not wish.get("delete_data")
        return Refusal("would be deleted, and with it every experiment") if stays else None
    if app is not None and app["failed"] and not wish.get("recreate_failed"):
        return Refusal("is in state CreateFailed")
    if app is None or app["failed"]:
        return Refusal("creating it needs") if {"role_arn", "artifact_store_uri"} - wish.keys() else None
    other_role = wish.get("role_arn", app["role_arn"]) != app["role_arn"]
    other_key = "kms_key_id" in wish and _key(wish["kms_key_id"]) != _key(app["kms_key_id"])
    return Refusal("differs in what AWS cannot change in place") if other_role or other_key else None


def _key(key: str | None) -> str | None:
    if key is None:
        return None
    return ARNS[0] if key == ALIAS else key if key.startswith("arn:") else f"{ARNS[0].rpartition('/')[0]}/{key}"


def app_wished(app: App | None, wish: Wish) -> App:
    """What a wish that is not refused makes of an App."""
    is_new = app is None or app["failed"]
    after: App = copy.deepcopy(NEW_APP if app is None or is_new else app)
    for option in SETTINGS:
        wished: t.Any = sorted(wish[option]) if option == "default_domain_ids" and option in wish else wish.get(option)
        if option in wish and _normal(option, wished) != _normal(option, after.get(option)):
            after[option] = wished.title() if option == "weekly_maintenance_window_start" else wished
    if is_new:
        after.update(role_arn=wish["role_arn"], kms_key_id=wish.get("kms_key_id"), arn=ANY)
        after.setdefault("weekly_maintenance_window_start", ANY)
    if "tags" in wish:
        kept = after["tags"]
        if wish.get("purge_tags"):
            kept = {key: value for key, value in kept.items() if key.startswith(FOREIGN_TAGS)}
        after["tags"] = {**kept, **{key: _text(value) for key, value in wish["tags"].items()}}
    return after


NEW_APP: App = {
    "automatic_model_registration": False,
    "account_default": False,
    "default_domain_ids": [],
    "failed": False,
    "delete_failed": False,
    "tags": {},
}


def _taken(app: App | None, wish: Wish) -> tuple[bool, set[str]]:
    """The defaults that the App becomes: of the account, of domains."""
    present = NEW_APP if app is None or app["failed"] else app
    account = bool(wish.get("account_default")) and not present["account_default"]
    return account, set(wish.get("default_domain_ids", ())) - set(present["default_domain_ids"])


def _give_up(other: App, taken: tuple[bool, set[str]]) -> bool:
    """Another App ceases to be what ours becomes; whether it was that."""
    account, domains = taken
    gives = (account and other["account_default"]) or bool(domains & set(other["default_domain_ids"]))
    other["account_default"] = other["account_default"] and not account
    other["default_domain_ids"] = [domain for domain in other["default_domain_ids"] if domain not in domains]
    return gives and not other["failed"]
