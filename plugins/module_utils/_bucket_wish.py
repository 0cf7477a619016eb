# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""From the module's options to what is wished of a bucket. Wrong options fail here, before the first call."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _bucket_settings as settings
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _kms, _policies, _policy_document, _tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_access import Cors, Policy, cors_rule
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_lifecycle import Lifecycle
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_rules import lifecycle_wish
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

if t.TYPE_CHECKING:
    from collections.abc import Mapping

Options = t.Mapping[str, t.Any]

SECURE_DEFAULTS: dict[str, t.Any] = {
    "versioning": "Enabled",
    "public_access_block": dict.fromkeys(settings.PUBLIC_ACCESS_FLAGS, True),
    "object_ownership": "BucketOwnerEnforced",
    "require_tls": True,
    "abort_incomplete_multipart_upload_days": 7,
}
"""What C(secure_defaults) asks for where an option is omitted. Each makes a bucket safer, none deletes what somebody
may want, and none keeps anybody out who could come in over TLS."""

_NAME = re.compile(r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
_IP_ADDRESS = re.compile(r"^[0-9]{1,3}(\.[0-9]{1,3}){3}$")
_ACCOUNT = re.compile(r"^[0-9]{12}$")
_RESERVED_STARTS = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


@dataclass(frozen=True)
class BucketWish:
    """What is wished of one bucket.

    :param settings: what was asked about, in the order in which it is written.
    :param key: the KMS key as the user named it.
    :param expected_bucket_owner: None for the caller's account.
    """

    name: str
    present: bool
    settings: tuple[settings.Setting, ...] = ()
    key: str | None = None
    expected_bucket_owner: str | None = None
    force_delete_objects: bool = False


def bucket_wish(options: Options, region: str) -> BucketWish:
    """Read and check the options of the module."""
    name = options["name"]
    _check_name(name)
    owner = options["expected_bucket_owner"]
    if owner is not None:
        _check_account(owner, "expected_bucket_owner")
    if options["state"] == "absent":
        return BucketWish(
            name, False, expected_bucket_owner=owner, force_delete_objects=options["force_delete_objects"]
        )
    options = _with_defaults(options)
    if options["kms_key_id"] is not None:
        _kms.check_region(_kms.parse_key(options["kms_key_id"]), region)
    wished = (
        _public_access_block(options),
        _object_ownership(options),
        _encryption(options),
        _versioning(options),
        _lifecycle(options),
        _logging(options),
        _cors(options),
        _policy(options),
        _tag_set(options),
    )
    asked = tuple(setting for setting in wished if setting is not None)
    return BucketWish(name, True, asked, options["kms_key_id"], owner)


def name_warning(name: str) -> str | None:
    """What is legal in a name and yet better avoided."""
    if "." not in name:
        return None
    return (
        f"name: '{name}' contains dots. TLS certificates of S3 do not cover such names, so clients that address buckets "
        "by host name fail. Use hyphens in the names of new buckets."
    )


def _with_defaults(options: Options) -> Options:
    result = dict(options)
    if not options["secure_defaults"]:
        return result
    for option, value in SECURE_DEFAULTS.items():
        if result[option] is None:
            result[option] = value
    return result


def _check_name(name: str) -> None:
    wrong = None
    if not _NAME.fullmatch(name):
        wrong = (
            "has 3 to 63 characters: lower-case letters, digits, hyphens and dots, with a letter or digit at both ends"
        )
    elif ".." in name:
        wrong = "has no two dots beside each other"
    elif _IP_ADDRESS.fullmatch(name):
        wrong = "does not look like an IP address"
    elif name.startswith(_RESERVED_STARTS):
        wrong = f"does not begin with {', '.join(_RESERVED_STARTS)}: AWS keeps these for itself"
    elif name.endswith(_RESERVED_ENDS):
        wrong = f"does not end with {', '.join(_RESERVED_ENDS)}: AWS keeps these for itself"
    if wrong:
        raise MlflowError(f"name: '{name}' is no name for a bucket. A name {wrong}.")


def _check_account(account: str, option: str) -> None:
    if not _ACCOUNT.fullmatch(account):
        raise MlflowError(
            f"{option}: '{account}' is no account id. Give 12 digits, in quotes where it begins with a zero."
        )


def _versioning(options: Options) -> settings.Setting | None:
    status = options["versioning"]
    return None if status is None else settings.Versioning(status)


def _public_access_block(options: Options) -> settings.Setting | None:
    flags = options["public_access_block"]
    if flags is None:
        return None
    return settings.PublicAccessBlock({flag: flags[flag] for flag in settings.PUBLIC_ACCESS_FLAGS})


def _object_ownership(options: Options) -> settings.Setting | None:
    ownership = options["object_ownership"]
    return None if ownership is None else settings.ObjectOwnership(ownership)


def _encryption(options: Options) -> settings.Setting | None:
    key, bucket_key = options["kms_key_id"], options["bucket_key_enabled"]
    algorithm = options["encryption"] or ("aws:kms" if key is not None else None)
    if algorithm is None:
        if bucket_key is not None:
            raise MlflowError("bucket_key_enabled: has a meaning only with encryption 'aws:kms'. Set encryption too.")
        return None
    if key is not None and algorithm not in settings.KMS_ALGORITHMS:
        raise MlflowError(
            f"kms_key_id: encryption '{algorithm}' takes no key. Set encryption to 'aws:kms', or leave kms_key_id out."
        )
    if bucket_key and algorithm != "aws:kms":
        raise MlflowError(f"bucket_key_enabled: encryption '{algorithm}' has no bucket keys, only 'aws:kms' has.")
    if bucket_key is None and algorithm == "aws:kms" and options["secure_defaults"]:
        bucket_key = True
    return settings.Encryption(algorithm, key is not None, bucket_key)


def _lifecycle(options: Options) -> settings.Setting | None:
    wish = lifecycle_wish(
        options["abort_incomplete_multipart_upload_days"],
        options["noncurrent_version_expiration_days"],
        options["lifecycle_rules"],
    )
    return None if wish is None else Lifecycle(wish.rules, wish.unwished, options["purge_lifecycle_rules"])


def _logging(options: Options) -> settings.Setting | None:
    wish = options["logging"]
    if wish is None:
        return None
    if not wish["enabled"]:
        return settings.Logging(None)
    target = wish["target_bucket"]
    if not target:
        raise MlflowError(
            "logging: target_bucket is missing. Name the bucket that takes the logs, or set enabled to false."
        )
    if target == options["name"]:
        raise MlflowError("logging: target_bucket is the bucket itself, where every log would cause another one.")
    return settings.Logging(target, wish["target_prefix"], wish["partition_date_source"])


def _cors(options: Options) -> settings.Setting | None:
    rules = options["cors_rules"]
    if rules is None:
        return None
    normal = tuple(cors_rule(rule) for rule in rules)
    for number, rule in enumerate(normal, start=1):
        for option in ("allowed_methods", "allowed_origins"):
            if not rule[option]:
                raise MlflowError(f"cors_rules, rule {number}: {option} is empty. Give at least one.")
        if (rule["max_age_seconds"] or 0) < 0:
            raise MlflowError(
                f"cors_rules, rule {number}: max_age_seconds is {rule['max_age_seconds']}, the least is 0."
            )
    ids = [rule["id"] for rule in normal if rule["id"]]
    _check_unique(ids, "cors_rules", "id")
    return Cors(normal, options["purge_cors_rules"])


def _policy(options: Options) -> settings.Setting | None:
    tls, owner_only = options["require_tls"], options["restrict_to_owner_account"]
    trusted, statements = options["trusted_account_ids"], options["policy_statements"]
    if trusted and not owner_only:
        raise MlflowError("trusted_account_ids: has a meaning only with restrict_to_owner_account set to true.")
    for account in trusted or ():
        _check_account(account, "trusted_account_ids")
    if tls is None and owner_only is None and statements is None:
        return None
    _check_statements(statements or ())
    return Policy(tls, owner_only, tuple(trusted or ()), tuple(statements or ()), options["purge_policy_statements"])


def _check_statements(statements: t.Iterable[Mapping[str, t.Any]]) -> None:
    sids: list[str] = []
    for number, statement in enumerate(statements, start=1):
        where = f"policy_statements, statement {number}"
        _policy_document.check_statement(statement, where)
        sid = statement.get("Sid")
        if not sid:
            raise MlflowError(f"{where}: 'Sid' is missing. It tells which statement of the present policy is meant.")
        if sid in (_policies.TLS_ONLY_SID, _policies.OWNER_ONLY_SID):
            raise MlflowError(
                f"{where}: the Sid '{sid}' belongs to require_tls and restrict_to_owner_account. Choose another."
            )
        for element in ("Principal", "Resource"):
            if not (statement.get(element) or statement.get(f"Not{element}")):
                raise MlflowError(f"{where}: '{element}' is missing; a bucket policy needs it.")
        sids.append(str(sid))
    _check_unique(sids, "policy_statements", "Sid")


def _check_unique(names: list[str], option: str, what: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise MlflowError(f"{option}: the {what} '{twice[0]}' is given more than once.")


def _tag_set(options: Options) -> settings.Setting | None:
    wish = _tags.wished(options["tags"])
    return None if wish is None else settings.Tags(wish, options["purge_tags"])
