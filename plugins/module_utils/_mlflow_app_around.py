# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What a plan about an App depends on beside the App itself: who is the default now, which key is meant, free names."""

from __future__ import annotations

import typing as t
from functools import partial

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _kms
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import (
    AWS_ERRORS,
    Identity,
    read_concurrently,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError, is_error
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app import from_aws
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app_list import (
    list_apps,
    require_free_name,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app_plan import (
    Around,
    lacking_domains,
    lacks_account_default,
)

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import Clients
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app import MlflowApp, State, Wish


def read_around(clients: Clients, wish: Wish, app: State) -> Around:
    """Everything that matters for this App and this wish, at the same time; no call when nothing does."""
    kept = None if app is None or app.is_deleting or app.never_was else app
    arn = str(kept.arn if kept else None)
    keys = _keys_to_compare(wish, kept)
    reads: dict[str, Callable[[], t.Any]] = {key: partial(_key_arn, clients, wish, arn, key) for key in keys}
    if lacks_account_default(wish, kept):
        reads["account default"] = partial(list_apps, clients, AccountDefaultStatus="ENABLED")
    for domain in lacking_domains(wish, kept):
        reads[f"default of {domain}"] = partial(list_apps, clients, DefaultForDomainId=domain)
    if wish.arn and kept and wish.new_name not in (None, kept.name):
        reads["names"] = partial(list_apps, clients)
    for service in ("sagemaker", "kms") if keys else ("sagemaker",):
        clients[service]  # made here: threads may use a client, not make one
    found = read_concurrently(reads)
    require_free_name(found.pop("names", ()), wish)
    arns = {key: found.pop(key) for key in keys}
    others = {each.arn for apps in found.values() for each in apps if each.is_live}
    return Around(arns, _holders(clients, sorted(others - {app.arn if app else None})))


def _holders(clients: Clients, arns: list[str]) -> tuple[MlflowApp, ...]:
    """The Apps that are a default now, but for those that go away and those that never came to be: nobody can change them."""
    found = read_concurrently({arn: partial(_described, clients, arn) for arn in arns})
    return tuple(
        app for app in found.values() if app is not None and not (app.is_deleting or app.is_deleted or app.never_was)
    )


def _described(clients: Clients, arn: str) -> State:
    try:
        return from_aws(clients["sagemaker"].describe_mlflow_app(Arn=arn), None)
    except AWS_ERRORS as error:
        if sagemaker.is_not_found(error):
            return None
        raise


def _keys_to_compare(wish: Wish, app: State) -> tuple[str, ...]:
    """The names of keys that differ and may mean the same key all the same."""
    if app is None or None in (wish.kms_key_id, app.kms_key_id) or wish.kms_key_id == app.kms_key_id:
        return ()
    return str(wish.kms_key_id), str(app.kms_key_id)


def _key_arn(clients: Clients, wish: Wish, arn: str, key: str) -> str | None:
    """The ARN of a key; None when AWS shows an alias that is not there any more.

    :param arn: of the App, which tells the account that a bare id means.
    """
    identity = Identity(sagemaker.account_of(arn), sagemaker.partition_of(arn), wish.region, arn)
    try:
        return _kms.arn_to_compare(clients, _kms.parse_key(key), identity)
    except MlflowError as error:
        cause = error.__cause__
        if key != wish.kms_key_id and (cause is None or is_error(cause, ("NotFoundException",))):
            return None
        raise
