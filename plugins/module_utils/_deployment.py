# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What the role mlflow_server wishes of each part, and what the end of a deployment tells. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _other_kind
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_variables import Variables

Wish = dict[str, t.Any]
SKIPPED = {"skipped": True}
DEFAULT_VERSION = "3.0"
"""Of mlflow_server_version, which whoever deploys an App need not know."""
PARTS = {"tracking_server": "tracking server", "app": "App"}
"""What is deployed on role and bucket, and how the summary names it."""


@dataclass(frozen=True)
class Deployment:
    """One environment.

    :param variables: of the role, checked.
    :param key_arn: the KMS key that was made for it, if one was.
    :param statements: of the bucket's policy, beside those that the variables tell.
    :param begins_only: whether somebody else waits until AWS has done it.
    """

    variables: Variables
    key_arn: str = ""
    statements: Sequence[Mapping[str, t.Any]] = ()
    begins_only: bool = False

    @property
    def is_alone(self) -> bool:
        """Whether there is nothing to do besides role, bucket and MLflow. Most hosts need no more."""
        variables = self.variables
        makes_bucket = variables.flag("create_bucket")
        before = (
            _on(variables.mapping("kms_key"), "create"),
            variables.flag("bucket_logging_manage_target") and makes_bucket,
            not makes_bucket and variables.given("artifact_bucket_owner"),
        )
        afterwards = (variables.mapping(name) for name in ("vpc_endpoints", "power_schedule", "audit_trail"))
        return not (any(before) or any(afterwards))

    @property
    def kind(self) -> str:
        """The part that is deployed on role and bucket."""
        return self.variables.text("kind")

    def arguments(self) -> Wish:
        """The options of the module mlflow_environment."""
        return {
            **_given(region=self.variables.text("region")),
            "role": self._role(),
            **({"bucket": self._bucket()} if self.variables.flag("create_bucket") else {}),
            self.kind: self._app() if self.kind == "app" else self._tracking_server(),
            "look_for_other_kind": True,
        }

    def role_alone(self) -> Wish:
        """The options that have it converge the role and nothing else."""
        return {**_given(region=self.variables.text("region")), "role": self._role()}

    def resources(self, converged: Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
        """What the summary tells of the result of that module."""
        names = {
            "role": ("role", self.variables.text("role_name")),
            "bucket": ("bucket", self.variables.bucket),
            self.kind: (PARTS[self.kind], self.variables.text("name")),
        }
        return [
            {"kind": kind, "name": name, "result": converged.get(part, SKIPPED)} for part, (kind, name) in names.items()
        ]

    def remarks(self, converged: Mapping[str, t.Any], without_meaning: Sequence[str]) -> list[str]:
        """What the reader must know besides, a sentence each.

        :param without_meaning: about variables that change nothing.
        """
        variables = self.variables
        environment = _other_kind.Environment(
            self.kind, variables.text("name"), variables.text("role_name"), variables.bucket
        )
        other = _other_kind.other_kind([converged.get("other_kind", {})], environment)
        return [*other.beside(), *without_meaning, *self._about_version(converged)]

    def _about_version(self, converged: Mapping[str, t.Any]) -> list[str]:
        version, runs = self.variables.text("version"), converged.get("app", {}).get("mlflow_version")
        if not runs or version == DEFAULT_VERSION or version.split(".")[:2] == runs.split(".")[:2]:
            return []
        return [
            (
                f"mlflow_server_version is {version}, but the App {self.variables.text('name')} runs MLflow {runs}. AWS keeps each "
                "App at the newest version that it offers. Remove the variable, or deploy a tracking server, which keeps its version."
            )
        ]

    @property
    def _key(self) -> str:
        """Of the artifacts."""
        return self.key_arn or self.variables.text("kms_key_id")

    @property
    def _tags(self) -> dict[str, t.Any]:
        variables = self.variables
        return {
            "Project": variables.values["project_name"],
            "Environment": variables.values["environment"],
            "Service": "mlflow",
            "ManagedBy": "ansible",
            **variables.mapping("tags"),
        }

    def _purging(self, *names: str) -> Wish:
        purge = self.variables.flag("purge")
        return {f"purge_{name}": purge for name in names}

    def _role(self) -> Wish:
        values, purge = self.variables.values, self.variables.flag("purge")
        return {
            "name": values["role_name"],
            "path": values["role_path"],
            "artifact_store_uri": self.variables.artifact_store_uri,
            **({"kms_key_id": self._key} if self._key or purge else {}),
            "model_registration": values["automatic_model_registration"],
            "confused_deputy_protection": values["role_confused_deputy_protection"],
            **_given(permissions_boundary=values["role_permissions_boundary"]),
            "inline_policies": values["role_inline_policies"],
            "managed_policies": values["additional_role_policies"],
            "propagation_delay": values["role_propagation_delay"],
            "bulk_read": values["role_bulk_read"],
            "tags": self._tags,
            **self._purging("inline_policies", "managed_policies", "tags"),
        }

    def _bucket(self) -> Wish:
        variables, values = self.variables, self.variables.values
        purge = variables.flag("purge")
        return {
            "name": variables.bucket,
            "versioning": "Enabled" if variables.flag("bucket_versioning") else "Suspended",
            **({"encryption": "AES256"} if purge and not self._key else {}),
            **_given(kms_key_id=self._key, logging=values["bucket_logging"]),
            "restrict_to_owner_account": values["bucket_restrict_to_account"],
            "trusted_account_ids": values["bucket_trusted_account_ids"],
            "policy_statements": [*values["bucket_policy_statements"], *self.statements],
            "noncurrent_version_expiration_days": values["bucket_noncurrent_version_expiration_days"],
            "abort_incomplete_multipart_upload_days": values["bucket_abort_incomplete_multipart_upload_days"],
            "lifecycle_rules": values["bucket_lifecycle_rules"],
            **({"cors_rules": values["bucket_cors_rules"]} if values["bucket_cors_rules"] or purge else {}),
            "tags": self._tags,
            **self._purging("tags", "policy_statements", "lifecycle_rules", "cors_rules"),
        }

    def _tracking_server(self) -> Wish:
        values = self.variables.values
        return {
            **self._mlflow(),
            "state": values["state"],
            "mlflow_version": values["version"],
            "tracking_server_size": values["size"],
            **_given(s3_bucket_owner_account_id=values["artifact_bucket_owner"]),
            "s3_bucket_owner_verification": values["verify_bucket_owner"],
        }

    def _app(self) -> Wish:
        variables, values = self.variables, self.variables.values
        purge = variables.flag("purge")
        is_key_of_app = bool(self.key_arn) and _on(variables.mapping("kms_key"), "app_key")
        default, domains = values["app_account_default"], values["app_default_domain_ids"]
        return {
            **self._mlflow(),
            **_given(kms_key_id=self.key_arn if is_key_of_app else values["app_kms_key_id"]),
            **({"account_default": default} if variables.flag("app_account_default") or purge else {}),
            **({"default_domain_ids": domains} if domains or purge else {}),
            "move_defaults": values["app_move_defaults"],
        }

    def _mlflow(self) -> Wish:
        """What servers and Apps have in common."""
        values = self.variables.values
        return {
            "name": values["name"],
            "artifact_store_uri": self.variables.artifact_store_uri,
            "automatic_model_registration": values["automatic_model_registration"],
            "weekly_maintenance_window_start": values["maintenance_window"],
            "recreate_failed": values["recreate_failed"],
            "tags": self._tags,
            **self._purging("tags"),
            "wait": self.variables.flag("wait") and not self.begins_only,
            "wait_timeout": values["wait_timeout"],
            "wait_delay": values["wait_delay"],
        }


def is_at_work(result: Mapping[str, t.Any]) -> bool:
    """Whether AWS has something to do after a result of a module for servers or Apps."""
    statuses = ("tracking_server_status", "status", "tracking_server_maintenance_status", "maintenance_status")
    return bool(result.get("changed")) or any(sagemaker.is_in_flux(result.get(name)) for name in statuses)


def _given(**options: t.Any) -> Wish:
    """Those that say something."""
    return {name: value for name, value in options.items() if value}


def _on(values: Mapping[str, t.Any], key: str) -> bool:
    return bool(boolean(values.get(key) or False, strict=False))
