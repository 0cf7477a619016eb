# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Tracking servers and Apps as hosts of an inventory: their variables, names and groups. Makes no call."""

from __future__ import annotations

import re
import typing as t
from collections import Counter
from dataclasses import dataclass

from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app import described as described_app
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app_info import MLFLOW_APPS
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server import (
    described as described_server,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server_info import TRACKING_SERVERS

if t.TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    Variables: t.TypeAlias = "Mapping[str, t.Any]"

KINDS = {kind.name: kind for kind in (TRACKING_SERVERS, MLFLOW_APPS)}
PREFIX = "mlflow_"
ALL = "sagemaker_mlflow"
KIND_GROUPS = {TRACKING_SERVERS.name: "mlflow_tracking_servers", MLFLOW_APPS.name: "mlflow_apps"}
ANY_VALUE = "*"
TAG = "tag:"
COMMON = ("kind", "region", "account_id", "name", "arn", "status")
"""What every host has, whatever its kind calls it."""


def variables(kind: str, described: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The host variables of what an info module returns: all begin alike, since C(name) and C(tags) are Ansible's words."""
    arn = described["tracking_uri"]
    own_words = "tracking_server_" if kind == TRACKING_SERVERS.name else ""
    common = {
        "kind": kind,
        "region": sagemaker.region_of(arn),
        "account_id": sagemaker.account_of(arn),
        "name": described[f"{own_words}name"],
        "arn": arn,
        "status": described[f"{own_words}status"],
    }
    return {_variable(key): value for key, value in {**described, **common}.items()}


def not_a_template(value: t.Any) -> t.Any:
    """A value that no supported version of Ansible takes for a template: others wrote it.

    Only what might be one is marked, because marked texts are exported in another shape.
    """
    if isinstance(value, dict):
        return {key: not_a_template(each) for key, each in value.items()}
    if isinstance(value, list):
        return [not_a_template(each) for each in value]
    return wrap_var(value) if isinstance(value, str) and "{" in value else value


def _variable(key: str) -> str:
    return key if key.startswith(PREFIX) else f"{PREFIX}{key}"


KNOWN = {_variable(key) for key in (*COMMON, *described_server(None, ""), *described_app(None))}
"""Every variable that a host may have."""


def has_tags(host: Variables, wanted: Mapping[str, t.Any]) -> bool:
    """Whether a host carries these tags; C(*) stands for any value."""
    tags: Mapping[str, str] = host["mlflow_tags"] or {}
    return all(key in tags and value in (ANY_VALUE, tags[key]) for key, value in wanted.items())


@dataclass(frozen=True)
class Preference:
    """Where a host name comes from: a variable or, after C(tag:), a tag; and what is put before it."""

    source: str
    prefix: str | None = None
    separator: str = "_"

    def name(self, host: Variables) -> str | None:
        """The name of a host, if it has what is preferred."""
        value = _value(host, self.source)
        before = None if self.prefix is None else _value(host, self.prefix)
        return f"{before}{self.separator}{value}" if value and before else value


def _value(host: Variables, source: str) -> str | None:
    if source.startswith(TAG):
        return (host["mlflow_tags"] or {}).get(source[len(TAG) :]) or None
    value = host.get(source)
    return value if isinstance(value, str) and value else None


def preferences(given: Sequence[t.Any]) -> list[Preference]:
    """The option C(hostnames), checked."""
    return [_preference(each if isinstance(each, dict) else {"name": each}) for each in given]


def _preference(given: Mapping[str, t.Any]) -> Preference:
    wrong = sorted(given.keys() - {"name", "prefix", "separator"})
    if wrong or "name" not in given:
        raise MlflowError(
            f"hostnames: {dict(given)} is not understood: give a variable, tag:<key>, or name with prefix and separator."
        )
    for source in (given["name"], given.get("prefix", given["name"])):
        if source not in KNOWN and not str(source).startswith(TAG):
            raise MlflowError(
                f"hostnames: '{source}' is no variable of a host: give tag:<key> or one of {', '.join(sorted(KNOWN))}."
            )
    return Preference(given["name"], given.get("prefix"), str(given.get("separator", "_")))


def host_names(hosts: Iterable[Variables], preferred: Sequence[Preference], taken: Mapping[str, str]) -> dict[str, str]:
    """The name of each host by its ARN. No two hosts get the same one: those that would are told apart by kind and region,
    and then by the end of the ARN.

    :param taken: the ARN of each host that is there already, by its name.
    """
    forms = {host["mlflow_arn"]: _forms(host, preferred) for host in hosts}
    names = {arn: of_arn.pop(0) for arn, of_arn in forms.items()}
    while unclear := [arn for arn in _clashing(names, taken) if forms[arn]]:
        for arn in unclear:
            names[arn] = forms[arn].pop(0)
    return names


def preferred_name(host: Variables, preferred: Sequence[Preference]) -> str:
    """The first preferred name that a host has; the name in AWS when it has none."""
    names = (each.name(host) for each in preferred)
    return next((each for each in names if each), str(host["mlflow_name"]))


def _forms(host: Variables, preferred: Sequence[Preference]) -> list[str]:
    """The names that a host may get, the preferred one first and the ARN, which nothing else has, last."""
    name = preferred_name(host, preferred)
    qualified = f"{name}.{host['mlflow_kind']}.{host['mlflow_region']}"
    arn = str(host["mlflow_arn"])
    return [name, qualified, f"{qualified}.{arn.rpartition('/')[2]}", arn]


def _clashing(names: Mapping[str, str], taken: Mapping[str, str]) -> list[str]:
    """The ARNs whose host name stands for something else too."""
    given = Counter(names.values())
    return [arn for arn, name in names.items() if given[name] > 1 or taken.get(name, arn) != arn]


def groups(host: Variables, wanted: Collection[str]) -> list[str]:
    """The groups that a host is in, apart from those that the user composes; not yet in the form that Ansible takes."""
    found = [ALL]
    if "kind" in wanted:
        found.append(KIND_GROUPS[host["mlflow_kind"]])
    if "region" in wanted:
        found.append(f"mlflow_region_{host['mlflow_region']}")
    if "status" in wanted:
        found += _status_groups(host)
    if "tags" in wanted:
        found += [f"mlflow_tag_{key}_{value}" for key, value in (host["mlflow_tags"] or {}).items()]
    return found


def _status_groups(host: Variables) -> list[str]:
    """The status, and for servers whether they run: the status does not tell, and it is what costs money."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", host["mlflow_status"]).lower()
    found = [f"mlflow_status_{words}"]
    if host["mlflow_kind"] == TRACKING_SERVERS.name:
        found.append(
            "mlflow_tracking_servers_active" if host["mlflow_is_active"] else "mlflow_tracking_servers_inactive"
        )
    return found
