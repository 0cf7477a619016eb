# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What the user wishes for a KMS key: the module's options, checked. Makes no call."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _key_policy as key_policy
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tags as tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._kms import check_region, parse_key
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import as_list, check_statement

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._kms import KeyReference
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import Statement

DEFAULT_ROTATION_PERIOD = 365
DEFAULT_DELETION_WINDOW = 30
_ALIAS = re.compile(r"alias/[a-zA-Z0-9/_-]{1,250}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@dataclass(frozen=True)
class KeyWish:
    """The wished key.

    :param alias: with C(alias/), by which the key is known.
    :param key: of a key that exists, which is to get the alias; None to go by the alias.
    :param enabled: and the others that may be None: None leaves them as they are.
    :param delete_key: the second switch, without which nothing that encrypts data is deleted.
    """

    alias: str
    region: str
    present: bool
    key: KeyReference | None = None
    description: str | None = None
    enabled: bool = True
    rotation: bool = True
    rotation_period: int | None = None
    deletion_window: int = DEFAULT_DELETION_WINDOW
    delete_key: bool = False
    multi_region: bool | None = None
    administrators: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    buckets: tuple[str, ...] = ()
    app_key: bool = False
    app_creators: tuple[str, ...] = ()
    policy_statements: tuple[Statement, ...] = ()
    purge_policy_statements: bool = False
    tags: Mapping[str, str] | None = None
    purge_tags: bool = False


def wish_from(options: Mapping[str, t.Any], region: str | None) -> KeyWish:
    """The wish from the module's options. Raises MlflowError for what AWS would refuse."""
    region = sagemaker.checked_region(region)
    alias, key = _alias(options["alias"]), _key(options["key_id"], region)
    window = _within("deletion_window_in_days", options["deletion_window_in_days"], 7, 30)
    if options["state"] == "absent":
        return KeyWish(alias, region, present=False, key=key, deletion_window=window, delete_key=options["delete_key"])
    return KeyWish(
        alias=alias,
        region=region,
        present=True,
        key=key,
        description=_description(options["description"]),
        enabled=options["enabled"],
        rotation=options["enable_key_rotation"],
        rotation_period=_rotation_period(options),
        deletion_window=window,
        multi_region=options["multi_region"],
        administrators=_principals("administrators", options["administrators"], wildcards=False),
        users=_principals("users", options["users"], wildcards=True),
        buckets=_buckets(options),
        app_key=options["app_key"],
        app_creators=_app_creators(options),
        policy_statements=_statements(options["policy_statements"]),
        purge_policy_statements=options["purge_policy_statements"],
        tags=tags.wished(options["tags"]),
        purge_tags=options["purge_tags"],
    )


def _alias(name: str) -> str:
    alias = name if name.startswith("alias/") else f"alias/{name}"
    if not _ALIAS.fullmatch(alias):
        raise MlflowError(
            f"alias: '{name[:80]}' is not allowed: 1 to 250 letters, digits and /_- (alias/ may be before)."
        )
    if alias.startswith("alias/aws/"):
        raise MlflowError(f"alias: '{name}' is of AWS, which keeps alias/aws/ for its own keys. Choose another name.")
    return alias


def _key(key: str | None, region: str) -> KeyReference | None:
    if not key:
        return None
    reference = parse_key(key)
    if reference.is_alias:
        raise MlflowError(f"key_id: '{key}' is an alias. Name the key by its id or its ARN, or set the option alias.")
    check_region(reference, region)
    return reference


def _description(text: str | None) -> str | None:
    if text is not None and len(text) > 8192:
        raise MlflowError(f"description: {len(text)} characters are given, AWS allows 8192.")
    return text


def _rotation_period(options: Mapping[str, t.Any]) -> int | None:
    period: int | None = options["rotation_period_in_days"]
    if period is None:
        return None
    if not options["enable_key_rotation"]:
        raise MlflowError("rotation_period_in_days: has a meaning only with enable_key_rotation=true.")
    return _within("rotation_period_in_days", period, 90, 2560)


def _within(option: str, value: int, least: int, most: int) -> int:
    if not least <= value <= most:
        raise MlflowError(f"{option}: {value} is not allowed: {least} to {most} days.")
    return value


def _principals(option: str, names: list[str] | None, *, wildcards: bool) -> tuple[str, ...]:
    checked = {key_policy.checked_principal(option, name, wildcards=wildcards) for name in names or ()}
    return tuple(sorted(checked))


def _buckets(options: Mapping[str, t.Any]) -> tuple[str, ...]:
    buckets = options["buckets"] or []
    if buckets and not options["users"]:
        raise MlflowError("buckets: narrows what users may use the key for, and users names nobody.")
    for bucket in buckets:
        if not _BUCKET.fullmatch(bucket):
            raise MlflowError(f"buckets: '{bucket[:80]}' is no name of a bucket.")
    return tuple(sorted(set(buckets)))


def _app_creators(options: Mapping[str, t.Any]) -> tuple[str, ...]:
    creators = options["app_creators"]
    if creators and not options["app_key"]:
        raise MlflowError("app_creators: has a meaning only with app_key=true.")
    return _principals("app_creators", creators, wildcards=True)


def _statements(statements: list[dict[str, t.Any]] | None) -> tuple[Statement, ...]:
    checked: dict[str, Statement] = {}
    for number, statement in enumerate(statements or (), start=1):
        where = f"policy_statements, statement {number}"
        check_statement(statement, where)
        sid = statement.get("Sid")
        if not sid or sid in checked or sid in key_policy.SIDS:
            raise MlflowError(
                f"{where}: it needs a Sid of its own (not {', '.join(key_policy.SIDS)}), by which later runs know it."
            )
        _check_principal(statement, where)
        checked[str(sid)] = {"Resource": "*", **statement}
    return tuple(checked.values())


def _check_principal(statement: Mapping[str, t.Any], where: str) -> None:
    """AWS wants somebody named; everybody without a condition would make the key public."""
    principal = statement.get("Principal") or statement.get("NotPrincipal")
    if not principal:
        raise MlflowError(f"{where}: 'Principal' is missing: in the policy of a key each statement names somebody.")
    if statement["Effect"] != "Allow" or statement.get("Condition"):
        return
    named = principal.get("AWS") if isinstance(principal, dict) else principal
    if "*" in as_list(named) or "NotPrincipal" in statement:
        raise MlflowError(f"{where}: it lets everybody in the world use the key. Name somebody, or add a 'Condition'.")
