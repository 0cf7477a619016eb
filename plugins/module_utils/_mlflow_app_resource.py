# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The MLflow App in AWS: which calls find, read and create it. What to do is decided in _mlflow_app_plan."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from functools import partial
from importlib.metadata import version

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _limits as limits
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import (
    AWS_ERRORS,
    Deadline,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import Superseded
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import (
    MlflowError,
    attempts_at,
    explain,
    is_passing,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app import (
    MlflowApp,
    Wish,
    described,
    from_aws,
    require_known_settings,
    wish_from_parameters,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app_around import read_around
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app_list import (
    list_apps,
    meant,
    oldest_before,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app_outcome import KIND, AppWords
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app_plan import (
    CREATE,
    DEFAULTS,
    DELETE,
    UPDATE,
    Around,
    make_plan,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._progress import Progress
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker_resource import (
    SageMakerResource,
    Waiting,
    known_fields,
)

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._account import Account
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule, Clients
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app import State
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Change, Plan
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._reading import Reading

CREATE_OPERATION = "CreateMlflowApp"
LONGEST_PAUSE = limits.APP_CREATION_PAUSE


class MlflowAppResource(SageMakerResource[MlflowApp]):
    """One App, as _converge sees it. It is found by its name once, and by its ARN from then on."""

    def __init__(
        self,
        wish: Wish,
        clients: Clients,
        waiting: Waiting,
        progress: Progress,
        warn: t.Callable[[str], None],
        account: Account | None = None,
    ) -> None:
        self._app_words = AppWords(KIND, wish.title, wish.region)
        super().__init__(KIND, self._app_words, wish, clients, waiting, progress, warn, account)
        self.wish = wish
        self._arn = wish.arn
        self._created_arn: str | None = None
        self._is_adopted = False
        self._around = Around()
        self._others: dict[str, MlflowAppResource] = {}

    def run_as(self, role_arn: str) -> None:
        """Wish for this role. It may have become known only now."""
        self.wish = self._wished = replace(self.wish, role_arn=role_arn)

    def plan(self, state: State) -> Plan[State]:
        """See _mlflow_app_plan."""
        return make_plan(self.wish, state, self._around)

    def describe(self, state: State) -> dict[str, t.Any]:
        """The module's return values."""
        return described(state, next(iter(self.wish.names), None))

    def settle(self, state: State) -> State:
        """Wait until AWS takes a change; what it was at may have changed what matters around the App."""
        settled = super().settle(state)
        if settled is not state:
            self._read_around(settled)
        return settled

    def apply(self, change: Change) -> None:
        """Make one change true, on another App when that one must cease to be the default."""
        if change.name == DEFAULTS:
            self._finish()
            self._change_other(change)
        else:
            super().apply(change)

    def _observing(self) -> Reading[State]:
        app = (yield from self._known()) if self._created_arn else None
        if app is None:
            app = yield from self._finding()
        self._read_around(app)
        return app

    def _read_around(self, app: State) -> None:
        if not self.wish.wants_gone:
            self._around = read_around(self._clients, self.wish, app)

    def _finding(self) -> Reading[State]:
        if self.wish.arn is None:
            listed = yield {"apps": partial(list_apps, self._clients)}
            found = meant(listed["apps"], self.wish)
            self._arn = found.arn if found else None
            if found:
                self._account.learn(found.arn)
        return (yield from self._known())

    def _known(self) -> Reading[State]:
        """Describe and, when tags were asked about, ListTags at the same time."""
        arn = self._arn
        if arn is None:
            return None
        reads: dict[str, t.Callable[[], t.Any]] = {"app": self._look}
        if self._asks_for_tags():
            reads["tags"] = partial(self._tags_or_error, arn)
        found = yield reads
        app: State = found["app"]
        tags = found.get("tags")
        if app is not None and isinstance(tags, Exception):
            raise tags
        return app if app is None or tags is None else replace(app, tags=tags)

    def _look(self) -> State:
        """What Describe says. AWS goes on describing some deleted Apps; that is the same as saying that there is none."""
        if self._arn is None:
            return None
        try:
            app = from_aws(self._clients["sagemaker"].describe_mlflow_app(Arn=self._arn), None)
        except AWS_ERRORS as error:
            if sagemaker.is_not_found(error):
                return None
            raise
        return None if app.is_deleted else app

    def _tagged(self, state: MlflowApp, tags: Mapping[str, str]) -> MlflowApp:
        return replace(state, tags=tags)

    def _unseen(self, predicted: State) -> State:
        return replace(predicted, arn=self._created_arn) if predicted and self._created_arn else predicted

    def _transmit(self, call: Call) -> None:
        if call.operation == CREATE:
            self._arn = self._created_arn = self._create(call)
            if not self._is_adopted:
                self._give_way()
        else:
            super()._transmit(call)

    def _create(self, call: Call) -> str:
        """Create, and return the ARN.

        AWS would create a second App of the same name when the call is simply repeated after its answer was lost. So
        before each repetition it is looked whether the App is there.
        """
        delay = min(LONGEST_PAUSE, self._waiting.patience.delay)
        deadline = Deadline(self._waiting.patience.timeout, delay, first_delay=1.0)
        failure: Exception | None = None
        for attempt, _elapsed in enumerate(deadline.ticks()):
            made = meant(list_apps(self._clients), self.wish) if failure else None
            if made is not None and made.is_live:
                self._is_adopted = True
                return made.arn
            if failure and attempt == attempts_at(failure):
                break
            try:
                return str(self._clients.send_once(call)["Arn"])
            except AWS_ERRORS as error:
                if not is_passing(error):
                    raise
                failure = error
        raise MlflowError(self._words.refused(t.cast("Exception", failure), call)) from failure

    def _give_way(self) -> None:
        """Remove the App that was just made when there is an older one of its name, and go on with that.

        AWS takes two Apps of one name. The list from before may have lagged behind, and two runs may create at the same moment;
        then the younger one goes, which its own run has made and nobody can have used.
        """
        own_arn = str(self._created_arn)
        others = [each for each in list_apps(self._clients) if each.arn != own_arn and each.name == self.wish.names[0]]
        own = self._look() if any(each.is_live for each in others) else None
        older = own and oldest_before(others, own_arn, own.creation_time)
        if not older:
            return
        # AWS deletes no App that it is still creating.
        self._watch(self._waiting.patience).until(lambda now, _elapsed: now is None or not now.in_flux, "to be created")
        try:
            self._clients.send(Call("sagemaker", DELETE, {"Arn": own_arn}))
        except AWS_ERRORS as error:
            doing = f"removing {own_arn}, which this run has just made although there is an older App '{older.name}', {older.arn}"
            raise MlflowError(explain(error, doing, otherwise="Delete it, and repeat the run.")) from error
        self._warn(
            f"There was an MLflow App '{older.name}' already, which AWS had not listed yet or somebody created at the same moment: "
            f"{older.arn}. This run goes on with it, and removed the one that it had just created, {own_arn}."
        )
        self._arn = self._created_arn = None
        raise Superseded

    def _check_result(self, call: Call) -> None:
        if self._last is None:
            return
        if call.operation == CREATE and self._is_adopted and self.plan(self._with_tags(self._last)).changed:
            # It was found after an answer was lost, and somebody else had made it.
            raise Superseded
        if call.operation == UPDATE:
            message = self._app_words.not_carried_out(call, self._last)
            if message is not None:
                raise MlflowError(message, last_seen=self.describe(self._last))

    def _change_other(self, change: Change) -> None:
        """Change the App that is the default until now, and wait for it: AWS may refuse the new default before."""
        settings = {option: value for option, value in change.after.items() if option != "arn"}
        wish = Wish(region=self.wish.region, arn=change.after["arn"], settings=settings)
        if wish.title not in self._others:
            # Kept for the rounds to come: it counts how often AWS refuses.
            progress = Progress.of_task(f"MLflow App {change.call.parameters['Name']}")
            waiting = replace(self._waiting, wanted=True)
            self._others[wish.title] = MlflowAppResource(wish, self._clients, waiting, progress, self._warn)
        other = self._others[wish.title]
        other.settle(other.read())
        other.apply(replace(change, name="settings"))
        other._finish()


def from_module(module: AwsModule) -> MlflowAppResource:
    """The App that a module's options describe."""
    return from_options(module.params, module.region, module.clients, module.warn)


def from_options(
    options: Mapping[str, t.Any],
    region: str | None,
    clients: Clients,
    warn: t.Callable[[str], None],
    account: Account | None = None,
) -> MlflowAppResource:
    """The App that these options of the module describe."""
    wish = wish_from_parameters(options, region)
    waiting = Waiting.from_parameters(options)
    require_known_settings(wish, known_fields(clients, CREATE_OPERATION), version("botocore"))
    progress = Progress.of_task(f"MLflow App {wish.name or wish.arn}")
    return MlflowAppResource(wish, clients, waiting, progress, warn, account)
