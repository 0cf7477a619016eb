# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deploy one host of the role. The documentation is in plugins/modules/mlflow_server_deployment.py."""

from __future__ import annotations

import contextlib
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._deployment import Deployment, is_at_work
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._aws_action import Call, load_beforehand
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._checked_variables import checked
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._live_progress import LiveProgressAction
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._summing_up import sum_up
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._turn import Turn
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._where_modules_run import (
    leave_word,
    workers_load_again,
)

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_variables import Variables

OWN: dict[str, t.Any] = {
    "only_if_alone": {"type": "bool", "default": False},
    "only_role": {"type": "bool", "default": False},
    "kms_key_arn": {"type": "str", "default": "", "no_log": False},
    "bucket_policy_statements": {"type": "list", "elements": "dict", "default": []},
    "begins_only": {"type": "bool", "default": False},
}
"""The options besides those of a connection to AWS, which are handed on."""
MODULE = "mlflow_environment"


class Deploy(LiveProgressAction):
    """One call checks one host's variables, and brings role, bucket and MLflow to what they say."""

    _supports_async = False

    def task_result(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        """The result of the module, and of what else this task does."""
        self._turn = Turn(self._task, variables)
        with self._turn:
            own = _own(self._task.args)
            found = checked(self._templar.template, variables)
            leave_word(self, variables)
            if own["only_if_alone"]:
                return self._alone(found.variables, found.without_meaning, variables)
            if own["only_role"]:
                return self._deployed(Deployment(found.variables).role_alone(), variables)
            plan = Deployment(found.variables, own["kms_key_arn"], own["bucket_policy_statements"], own["begins_only"])
            return self._converged(plan, found.without_meaning, variables)

    def run_here(self, call: Call) -> dict[str, t.Any] | None:
        """Run the module in the process that does so for all hosts."""
        return self._turn.take(call, self._environment(), bool(self._task.check_mode), bool(self._task.diff))

    def _alone(self, wished: Variables, without_meaning: list[str], variables: dict[str, t.Any]) -> dict[str, t.Any]:
        """The whole deployment, to its summary; or the word with what tasks it has to go on."""
        plan = Deployment(wished, begins_only=self._begins_only(wished, variables))
        others = "destroy" if wished.text("state") == "absent" else "" if plan.is_alone else "present"
        if others:
            return {"changed": False, "begun": False, "go_on_with": others}
        with self._in_environment(self._environment_of(wished)):
            result = self._converged(plan, without_meaning, variables)
        if result.get("failed"):
            return result
        if plan.begins_only and is_at_work(result[plan.kind]):
            return {**result, "go_on_with": "begun"}
        host, folder = str(variables["inventory_hostname"]), wished.text("outputs_dir")
        told = sum_up(host, plan.resources(result), folder, result["remarks"], self._task.check_mode)
        return {**result, **told, "go_on_with": ""}

    def _converged(self, plan: Deployment, without_meaning: list[str], variables: dict[str, t.Any]) -> dict[str, t.Any]:
        result = self._deployed(plan.arguments(), variables)
        if result.get("failed"):
            return result
        return {**result, "go_on_with": "sum_up", "remarks": plan.remarks(result, without_meaning)}

    def _deployed(self, wish: Mapping[str, t.Any], variables: dict[str, t.Any]) -> dict[str, t.Any]:
        of_connection = {name: value for name, value in self._task.args.items() if name not in OWN}
        call = Call(MODULE, f"mlops.sagemaker_mlflow.{MODULE}", {**of_connection, **wish})
        return self.module_result(variables, call)

    def _begins_only(self, wished: Variables, variables: Mapping[str, t.Any]) -> bool:
        """A host that waits keeps a worker busy, so with fewer workers than hosts all begin first."""
        is_crowded = len(variables["ansible_play_batch"]) > int(variables["ansible_forks"])
        return is_crowded and wished.flag("wait") and not self._task.check_mode

    def _environment_of(self, wished: Variables) -> dict[str, t.Any]:
        """Every call to AWS has these; a role that is taken comes with the credentials of its session."""
        given = dict(wished.mapping("environment_variables"))
        if not wished.given("assume_role_arn"):
            return given
        from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._taken_role import take

        asked = {
            "role_arn": wished.text("assume_role_arn"),
            "external_id": wished.text("assume_role_external_id") or None,
            "session_name": wished.text("assume_role_session_name"),
            "duration_seconds": wished.number("assume_role_duration"),
            "region": wished.text("region") or None,
            "environment": given,
        }
        return {**given, **take(asked, self._connection.transport == "local")["environment"]}

    @contextlib.contextmanager
    def _in_environment(self, given: Mapping[str, t.Any]) -> Iterator[None]:
        """As if the task had these environment variables."""
        before = self._task.environment
        self._task.environment = [*(before if isinstance(before, list) else [before]), given]
        try:
            yield
        finally:
            self._task.environment = before


def __getattr__(name: str) -> t.Any:
    """Ansible's main process asks for the class each time before it forks a worker, so here it learns what workers load."""
    if name != "ActionModule":
        raise AttributeError(name)
    if workers_load_again():
        load_beforehand()
    return Deploy


def _own(arguments: Mapping[str, t.Any]) -> dict[str, t.Any]:
    found = ArgumentSpecValidator(OWN).validate({name: arguments[name] for name in OWN if name in arguments})
    if found.error_messages:
        raise AnsibleActionFail(" ".join(found.error_messages))
    return dict(found.validated_parameters)
