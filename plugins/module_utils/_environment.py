# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""A whole MLflow as one thing: role, bucket, and the tracking server or App that stands on them.

Servers and Apps are imported where they are needed: hardly any run needs both, and each takes its time to load.
"""

from __future__ import annotations

import typing as t
from functools import partial

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _bucket as bucket
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _discovery as discovery
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _role as role
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._account import Account
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import in_background
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge_together import Lane, converge_together
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._reading import read_together

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule, Clients
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import Member

PARTS = ("role", "bucket", "tracking_server", "app")


class OtherKind:
    """The look for what has the same name and is of the other kind.

    :param ask: makes the calls.
    """

    def __init__(self, ask: Callable[[], dict[str, t.Any]]) -> None:
        self._ask = ask
        self._look: Future[dict[str, t.Any]] | None = None

    def begin(self) -> None:
        """Look from now on, unless that was done. Nobody waits for it yet."""
        if self._look is None:
            self._look = in_background(self._answer)

    @property
    def found(self) -> dict[str, t.Any]:
        """What there is; empty when nobody looked."""
        return {} if self._look is None else self._look.result()

    def _answer(self) -> dict[str, t.Any]:
        """It is for a warning only, and who may deploy one kind need not be allowed to look at the other."""
        try:
            return self._ask()
        except MlflowError as error:
            return {"msg": error.message}


class Environment:
    """The parts that the options name, on one account."""

    def __init__(self, module: AwsModule) -> None:
        self._options = {part: module.params[part] for part in PARTS if module.params[part] is not None}
        self._account = Account(module.clients, others_tell=True, home=module.home)
        self._clients = module.clients
        self._check_options()
        self._lanes = {part: Lane(part, self._member(module, part)) for part in self._options}
        self._other_kind = self._look() if module.params["look_for_other_kind"] else None

    def converge(self, check_mode: bool) -> dict[str, t.Any]:
        """Read everything at once, plan everything, and make it true. See _converge_together."""
        # In this order, for what reads the role and the server tell the account, and S3 wants to be told.
        others = [self._lanes[part] for part in ("role", "tracking_server", "app", "bucket") if part in self._lanes]
        if self._other_kind and "app" in self._lanes:
            self._other_kind.begin()
        read_together([lane.reading() for lane in others])
        self._require_one_account()
        foundations = [self._lanes[part] for part in ("role", "bucket") if part in self._lanes]
        result = converge_together(foundations, self._building, self._connect, check_mode)
        if self._other_kind:
            if self._building and result[self._building.name]["action"] == "create":
                self._other_kind.begin()
            result["other_kind"] = self._other_kind.found
        return result

    @property
    def _building(self) -> Lane | None:
        return self._lanes.get("tracking_server") or self._lanes.get("app")

    def _member(self, module: AwsModule, part: str) -> Member[t.Any]:
        """The resource of a part. What is wrong in its options is told with its name."""
        here: dict[str, t.Any] = {"clients": module.clients, "account": self._account}
        options = _complete(self._options[part])
        try:
            if part == "role":
                return role.from_options(options, module.region, **here)
            if part == "bucket":
                return bucket.from_options(options, warn=module.warn, **here)
            if part == "tracking_server":
                from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import (
                    _tracking_server_resource as tracking_server,
                )

                return tracking_server.from_options(options, module.region, warn=module.warn, **here)
            from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _mlflow_app_resource as app

            return app.from_options(options, module.region, warn=module.warn, **here)
        except MlflowError as error:
            raise MlflowError(f"{part}: {error.message}", **error.details) from error

    def _check_options(self) -> None:
        for kind in ("tracking_server", "app"):
            if "role" in self._options and kind in self._options and self._options[kind]["role_arn"] is not None:
                raise MlflowError(
                    f"{kind}: it has a role_arn, and there is a role beside it, which it gets. Remove the one or the other."
                )

    def _connect(self) -> None:
        """The MLflow runs as the role that stands beside it."""
        if "role" in self._lanes and self._building is not None:
            lane = self._lanes["role"]
            resource = t.cast("role.RoleResource", lane.resource)
            t.cast("Runner", self._building.resource).run_as(resource.arn(lane.planned.predicted))

    def _require_one_account(self) -> None:
        """SageMaker would be refused a bucket of another owner than it is told."""
        owner = self._options.get("tracking_server", {}).get("s3_bucket_owner_account_id")
        if owner is None or "bucket" not in self._options:
            return
        home = self._options["bucket"]["expected_bucket_owner"] or self._account.identity().account_id
        if owner != home:
            raise MlflowError(
                f"tracking_server: s3_bucket_owner_account_id is {owner} (in the role: mlflow_server_artifact_bucket_owner is "
                f"{owner}), but the bucket '{self._options['bucket']['name']}' is made in the account {home}: SageMaker would "
                "be refused every access. Remove it, or manage no bucket here."
            )

    def _look(self) -> OtherKind:
        """A server costs money whether or not it is used, so it is always looked for. An App is named once: as soon as the answer is
        there that the server is not, while those of the other reads are on their way.
        """
        if "app" in self._options:
            return OtherKind(partial(_servers_named, self._clients, self._options["app"]["name"]))
        look = OtherKind(partial(_apps_named, self._clients, self._options["tracking_server"]["name"]))
        t.cast("Sought", self._lanes["tracking_server"].resource).when_absent = look.begin
        return look


class Sought(t.Protocol):
    """What is looked for.

    :param when_absent: called, in the thread of the read, when it is not there.
    """

    when_absent: Callable[[], None]


class Runner(t.Protocol):
    """What runs as a role."""

    def run_as(self, role_arn: str) -> None:
        """As this one."""


def _complete(options: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """With the options that only matter to what is deleted."""
    return {"state": "present", "delete_data": False, "force_delete_objects": False, **options}


def _servers_named(clients: Clients, name: str) -> dict[str, t.Any]:
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server_info import TRACKING_SERVERS

    question = discovery.Question(TRACKING_SERVERS, name=name, include_tags=False)
    return {"tracking_servers": discovery.find_one(clients, question, name)}


def _apps_named(clients: Clients, name: str) -> dict[str, t.Any]:
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app_info import MLFLOW_APPS

    question = discovery.Question(MLFLOW_APPS, name=name, include_tags=False)
    return {"mlflow_apps": discovery.find_all(clients, question)[0]}
