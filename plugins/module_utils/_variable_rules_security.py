# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What must hold of the role's variables about keys, networks, trails and other accounts. Pure."""

from __future__ import annotations

import re
import typing as t

from ansible.module_utils.parsing.convert_bool import boolean

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_variables import Variables

TRAIL_KEYS = (
    "name",
    "region",
    "state",
    "api_events",
    "artifact_events",
    "event_type",
    "whole_kind",
    "convert_basic_selectors",
    "create",
    "create_bucket",
    "s3_bucket_name",
    "s3_key_prefix",
    "kms_key_id",
    "is_multi_region_trail",
    "enable_log_file_validation",
    "include_management_events",
)
"""What mlflow_server_audit_trail may say."""


def _on(values: Mapping[str, t.Any], key: str) -> bool:
    return bool(boolean(values.get(key) or False, strict=False))


def _kms_key(variables: Variables) -> Iterator[str]:
    key = variables.mapping("kms_key")
    if key and "create" not in key:
        yield (
            "mlflow_server_kms_key describes a key and does not say create: true. To use a key that exists and is not changed, "
            "set mlflow_server_kms_key_id instead."
        )
    if _on(key, "create") and variables.given("kms_key_id"):
        yield (
            "mlflow_server_kms_key makes a key for the artifacts, and mlflow_server_kms_key_id names another. Remove one of the "
            "two; a key that exists is taken over with key_id in mlflow_server_kms_key."
        )
    is_of_app = variables.text("kind") == "app" and _on(key, "app_key")
    if _on(key, "create") and is_of_app and variables.given("app_kms_key_id"):
        yield (
            "mlflow_server_kms_key has app_key: true, and mlflow_server_app_kms_key_id names another key for the App. Remove one "
            "of the two."
        )
    deletes_bucket = variables.flag("create_bucket") and not variables.flag("keep_bucket")
    if variables.text("state") == "absent" and _on(key, "delete") and not deletes_bucket:
        yield (
            f"mlflow_server_kms_key has delete: true, but the bucket {variables.bucket} stays, and what is in it could never be "
            "read again without its key. Remove delete, or let the bucket be deleted too."
        )


def _vpc_endpoints(variables: Variables) -> Iterator[str]:
    network = variables.mapping("vpc_endpoints")
    if not network:
        return
    if not re.fullmatch("vpc-[0-9a-f]{8,17}", str(network.get("vpc_id") or "")):
        yield "mlflow_server_vpc_endpoints needs vpc_id, the id of the VPC of the clients, as in vpc-0123456789abcdef0."
    if variables.text("state") != "absent":
        yield from _places_of_endpoints(network)
    if _on(network, "restrict_bucket") and not variables.flag("create_bucket"):
        yield (
            "mlflow_server_vpc_endpoints has restrict_bucket: true, but with mlflow_server_create_bucket=false the policy of the "
            "bucket is not changed here. Remove the one, or set the other to true."
        )


def _places_of_endpoints(network: Mapping[str, t.Any]) -> Iterator[str]:
    services = network.get("services") or ("control_plane", "s3")
    has_interfaces = bool(set(services) - {"s3"})
    if has_interfaces and not network.get("subnet_ids"):
        yield "mlflow_server_vpc_endpoints needs subnet_ids, a subnet for each zone in which clients are."
    if "s3" in services and not network.get("route_table_ids"):
        yield (
            "mlflow_server_vpc_endpoints needs route_table_ids, the route tables of the clients' subnets, for the gateway of S3; "
            "or services without s3."
        )
    reached_by = ("allowed_cidrs", "security_group_ids", "allowed_security_group_ids")
    if has_interfaces and not any(network.get(key) for key in reached_by):
        yield (
            "mlflow_server_vpc_endpoints does not say who may reach the endpoints: give allowed_cidrs, "
            "allowed_security_group_ids, or security_group_ids that exist."
        )


def _audit_trail(variables: Variables) -> Iterator[str]:
    trail = variables.mapping("audit_trail")
    if trail and not str(trail.get("name") or ""):
        yield (
            "mlflow_server_audit_trail has no name: name the trail, as in {name: organization}, and have it made with "
            "create: true and s3_bucket_name when there is none."
        )
    unknown = [key for key in trail if key not in TRAIL_KEYS]
    if unknown:
        yield f"mlflow_server_audit_trail has unknown keys: {', '.join(unknown)}. There are {', '.join(TRAIL_KEYS)}."


def _other_accounts(variables: Variables) -> Iterator[str]:
    if variables.flag("bucket_logging_manage_target") and not variables.mapping("bucket_logging").get("target_bucket"):
        yield (
            "mlflow_server_bucket_logging_manage_target is true, but mlflow_server_bucket_logging names no target_bucket."
        )
    if variables.given("artifact_bucket_assume_role_arn") and not variables.given("artifact_bucket_owner"):
        yield (
            "mlflow_server_artifact_bucket_assume_role_arn is for a bucket of another account: name that in "
            "mlflow_server_artifact_bucket_owner, and set mlflow_server_create_bucket=false."
        )


SECURITY_RULES: tuple[Callable[[Variables], Iterator[str]], ...] = (
    _kms_key,
    _vpc_endpoints,
    _audit_trail,
    _other_accounts,
)
"""In the order in which they are told."""
