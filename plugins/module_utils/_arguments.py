# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The options of the modules that manage one resource each, told once: a module of several resources has them too.

They are functions, for what reads options may write into the specification.
"""

from __future__ import annotations

import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_arguments import bucket

Specification = dict[str, dict[str, t.Any]]


def role() -> Specification:
    """Of M(iam_mlflow_role)."""
    return {
        "name": {"type": "str", "required": True, "aliases": ["role_name"]},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "artifact_store_uri": {"type": "str"},
        "kms_key_id": {"type": "str", "no_log": False},
        "model_registration": {"type": "bool", "default": False},
        "artifact_deletion": {"type": "bool", "default": False},
        "confused_deputy_protection": {"type": "bool", "default": True},
        "source_account": {"type": "str"},
        "source_arn": {"type": "list", "elements": "str"},
        "inline_policies": {"type": "dict"},
        "purge_inline_policies": {"type": "bool", "default": False},
        "managed_policies": {"type": "list", "elements": "str"},
        "purge_managed_policies": {"type": "bool", "default": False},
        "permissions_boundary": {"type": "str"},
        "path": {"type": "str"},
        "description": {"type": "str"},
        "max_session_duration": {"type": "int"},
        "tags": {"type": "dict", "aliases": ["resource_tags"]},
        "purge_tags": {"type": "bool", "default": False},
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 120},
        "propagation_delay": {"type": "int", "default": 10},
        "bulk_read": {"type": "bool", "default": False},
    }


def tracking_server() -> Specification:
    """Of M(sagemaker_mlflow_server)."""
    return {
        "name": {"type": "str", "required": True, "aliases": ["tracking_server_name"]},
        "state": {"type": "str", "choices": ["present", "absent", "started", "stopped"], "default": "present"},
        "artifact_store_uri": {"type": "str"},
        "role_arn": {"type": "str"},
        "tracking_server_size": {"type": "str", "choices": ["Small", "Medium", "Large"], "aliases": ["size"]},
        "mlflow_version": {"type": "str", "aliases": ["version"]},
        "automatic_model_registration": {"type": "bool"},
        "weekly_maintenance_window_start": {"type": "str", "aliases": ["maintenance_window"]},
        "s3_bucket_owner_account_id": {"type": "str"},
        "s3_bucket_owner_verification": {"type": "bool"},
        "delete_data": {"type": "bool", "default": False},
        "recreate_failed": {"type": "bool", "default": False},
        "update_stopped": {"type": "str", "choices": ["try", "start_first"], "default": "try"},
        "tags": {"type": "dict", "aliases": ["resource_tags"]},
        "purge_tags": {"type": "bool", "default": False},
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 3600},
        "wait_delay": {"type": "float", "default": 30.0},
        "role_propagation_timeout": {"type": "int", "default": 120},
    }


def app() -> Specification:
    """Of M(sagemaker_mlflow_app)."""
    return {
        "name": {"type": "str"},
        "arn": {"type": "str"},
        "new_name": {"type": "str"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "artifact_store_uri": {"type": "str"},
        "role_arn": {"type": "str"},
        "kms_key_id": {"type": "str"},
        "automatic_model_registration": {"type": "bool"},
        "weekly_maintenance_window_start": {"type": "str", "aliases": ["maintenance_window"]},
        "account_default": {"type": "bool"},
        "default_domain_ids": {"type": "list", "elements": "str"},
        "move_defaults": {"type": "bool", "default": False},
        "delete_data": {"type": "bool", "default": False},
        "recreate_failed": {"type": "bool", "default": False},
        "tags": {"type": "dict", "aliases": ["resource_tags"]},
        "purge_tags": {"type": "bool", "default": False},
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 900},
        "wait_delay": {"type": "float", "default": 10.0},
        "role_propagation_timeout": {"type": "int", "default": 120},
    }


def environment() -> Specification:
    """Of M(mlflow_environment): those of the others, without those that delete."""
    server = {**_without(tracking_server(), "delete_data")}
    server["state"] = {**server["state"], "choices": ["present", "started", "stopped"]}
    service_role = _without(role(), "state")
    service_role["artifact_store_uri"] = {**service_role["artifact_store_uri"], "required": True}
    single_app = _without(app(), "state", "delete_data", "arn")
    single_app["name"] = {**single_app["name"], "required": True}
    return {
        "role": {"type": "dict", "options": service_role},
        "bucket": {"type": "dict", "options": _without(bucket(), "state", "force_delete_objects")},
        "tracking_server": {"type": "dict", "options": server},
        "app": {"type": "dict", "options": single_app},
        "look_for_other_kind": {"type": "bool", "default": False},
    }


def _without(options: Specification, *names: str) -> Specification:
    return {name: option for name, option in options.items() if name not in names}
