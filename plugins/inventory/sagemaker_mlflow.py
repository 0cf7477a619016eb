# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tracking servers and MLflow Apps as the hosts of an inventory."""

from __future__ import annotations

DOCUMENTATION = r"""
name: sagemaker_mlflow
short_description: Tracking servers and MLflow Apps of Amazon SageMaker as inventory
version_added: 0.1.0
author: The mlops.sagemaker_mlflow contributors (@mlops)
description:
  - Makes a host of every tracking server and of every serverless MLflow App of one account in several Regions, whoever made them.
  - The configuration is a file whose name ends in C(sagemaker_mlflow.yml) or C(sagemaker_mlflow.yaml).
  - Behind these hosts are services, not machines. Plays that run modules for them set C(connection) to V(local).
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
    choices: [mlops.sagemaker_mlflow.sagemaker_mlflow]
  regions:
    description: The Regions to look in. When empty, it is O(region), or the Region of the environment or of the profile.
    type: list
    elements: str
    default: []
  kinds:
    description: What to look for.
    type: list
    elements: str
    choices: [tracking_server, app]
    default: [tracking_server, app]
  statuses:
    description: Only what has one of these statuses. When empty, any. Deleted Apps, which AWS goes on listing, are never hosts.
    type: list
    elements: str
    choices:
      - CreateFailed
      - Created
      - Creating
      - DeleteFailed
      - Deleting
      - MaintenanceComplete
      - MaintenanceFailed
      - MaintenanceInProgress
      - StartFailed
      - Started
      - Starting
      - StopFailed
      - Stopped
      - Stopping
      - UpdateFailed
      - Updated
      - Updating
    default: []
  mlflow_version:
    description: Only what has this version of MLflow, compared by major and minor number.
    type: str
  created_after:
    description: Only what was created after this time, in ISO 8601; UTC when it has no zone.
    type: str
  created_before:
    description: Only what was created before this time, in the form of O(created_after).
    type: str
  tags:
    description: Only what carries all of these tags. V(*) stands for any value.
    type: dict
    default: {}
  include_tags:
    description: Whether tags are read, which costs one call for each host.
    type: bool
    default: true
  include_details:
    description:
      - Whether each host is described, which costs one call for each.
      - Without, only C(mlflow_name), C(mlflow_arn), C(mlflow_tracking_uri), C(mlflow_status), C(mlflow_is_active),
        C(mlflow_version), the times, kind, Region and account have values.
    type: bool
    default: true
  strict_permissions:
    description:
      - Whether it is an error when AWS denies a call.
      - With V(false), the kind that may not be read in a Region is left out there, with a warning.
    type: bool
    default: true
  hostnames:
    description:
      - Where host names come from. The first of the list that a host has is taken, and C(mlflow_name) when it has none.
      - Each is a host variable, or V(tag:) and the key of a tag; or a dictionary of such a C(name), such a C(prefix), and the C(separator)
        between them, which is V(_) by default.
      - Names of two hosts are never the same. Those that would be get their kind and Region too, as in
        C(mlflow.app.eu-west-1), and when that is not enough also the end of the ARN. A warning tells so.
    type: list
    elements: raw
    default: [mlflow_name]
  builtin_groups:
    description:
      - What groups are made of, beside those of O(groups) and O(keyed_groups). The group C(sagemaker_mlflow) has all hosts.
      - V(kind) makes C(mlflow_tracking_servers) and C(mlflow_apps), even when they are empty.
      - V(region) makes groups like C(mlflow_region_eu_west_1).
      - V(status) makes groups like C(mlflow_status_created) and C(mlflow_status_create_failed), and of tracking servers
        C(mlflow_tracking_servers_active), which run and cost money, and C(mlflow_tracking_servers_inactive).
      - V(tags) makes groups like C(mlflow_tag_Team_vision) of the tag C(Team) with the value C(vision).
    type: list
    elements: str
    choices: [kind, region, status, tags]
    default: [kind, region, status, tags]
requirements:
  - python >= 3.10
  - boto3 >= 1.42.62
  - botocore >= 1.42.62
notes:
  - Every host has the variables C(mlflow_kind) (V(tracking_server) or V(app)), C(mlflow_region), C(mlflow_account_id), C(mlflow_name),
    C(mlflow_arn), C(mlflow_status) and C(mlflow_tracking_uri), and what M(mlops.sagemaker_mlflow.sagemaker_mlflow_server_info) or
    M(mlops.sagemaker_mlflow.sagemaker_mlflow_app_info) returns, each under its name there with C(mlflow_) before it, for example C(mlflow_tags),
    C(mlflow_role_arn) and C(mlflow_tracking_server_size). These are the words of O(compose), O(groups) and O(keyed_groups).
  - IAM actions needed are C(sagemaker:ListMlflowTrackingServers) and C(sagemaker:DescribeMlflowTrackingServer) for tracking servers,
    C(sagemaker:ListMlflowApps) and C(sagemaker:DescribeMlflowApp) for Apps, and C(sagemaker:ListTags) with O(include_tags=true).
  - It makes, in each Region, one call for each kind (for each 100 of it), and then two for each host, one with O(include_tags=false) or
    O(include_details=false), none with both. Three Regions with 40 hosts each take 246 calls, and 6 without tags and details.
    Regions are read at the same time, and in each up to 16 calls are under way.
  - With O(cache=true) no call is made, not even to assume a role, until the cache expires. Options that ask AWS something else are not
    answered from the cache; those for names and groups are applied to what is in it.
extends_documentation_fragment:
  - inventory_cache
  - constructed
  - amazon.aws.common.plugins
  - amazon.aws.region.plugins
  - amazon.aws.assume_role.plugins
"""

EXAMPLES = r"""
# Everything in the Region of the environment: my.sagemaker_mlflow.yml
plugin: mlops.sagemaker_mlflow.sagemaker_mlflow

---
# Three Regions of another account, by team, from the cache for ten minutes
plugin: mlops.sagemaker_mlflow.sagemaker_mlflow
regions: [eu-west-1, us-east-1, us-west-2]
assume_role_arn: arn:aws:iam::210987654321:role/mlflow-reader
tags:
  Environment: production
hostnames:
  - tag:Name
  - name: mlflow_name
    prefix: mlflow_region
keyed_groups:
  - key: mlflow_tags.Team | default('nobody')
    prefix: team
groups:
  too_large: mlflow_tracking_server_size | default('Small') == 'Large'
compose:
  ansible_connection: "'local'"
  ansible_python_interpreter: ansible_playbook_python
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: /tmp/mlflow-inventory
cache_timeout: 600

---
# What runs and costs money, with six calls for three Regions
plugin: mlops.sagemaker_mlflow.sagemaker_mlflow
regions: [eu-west-1, us-east-1, us-west-2]
kinds: [tracking_server]
include_tags: false
include_details: false
strict_permissions: false
"""

import hashlib
import json
import os
import typing as t
from functools import partial

from ansible.errors import AnsibleParserError
from ansible_collections.amazon.aws.plugins.plugin_utils.inventory import AWSInventoryBase

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _discovery as discovery
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import read_concurrently
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError, is_denied
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils import _inventory_hosts as hosts
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._region_clients import clients_by_region

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible.inventory.data import InventoryData
    from ansible.parsing.dataloader import DataLoader

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import Clients

    Host: t.TypeAlias = "dict[str, t.Any]"

ASKED = (
    *("kinds", "statuses", "mlflow_version", "tags", "include_tags", "include_details", "strict_permissions"),
    *("access_key", "profile", "assume_role_arn", "endpoint_url"),
)
"""The options that decide what AWS answers, apart from the region and the times."""
ENDPOINTS = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SAGEMAKER")


class InventoryModule(AWSInventoryBase):  # type: ignore[misc]  # amazon.aws has no type information
    """What Ansible loads."""

    NAME = "mlops.sagemaker_mlflow.sagemaker_mlflow"
    INVENTORY_FILE_SUFFIXES = ("sagemaker_mlflow.yml", "sagemaker_mlflow.yaml")

    class TemplatedOptions(AWSInventoryBase.TemplatedOptions):  # type: ignore[misc]  # no type information
        """Options of the connection may be templates."""

        def get(self, *arguments: t.Any) -> t.Any:
            """The base class has every list templated, in a way that ansible-core warns of."""
            value = self.original_options.get(*arguments)
            return super().get(*arguments) if self.templar and self.templar.is_template(value) else value

    def parse(self, inventory: InventoryData, loader: DataLoader, path: str, cache: bool = True) -> None:
        """Fill the inventory."""
        super().parse(inventory, loader, path, cache=cache)
        try:
            preferred = hosts.preferences(self.get_option("hostnames"))
            self._fill(self._hosts(path, cache), preferred)
        except MlflowError as error:
            # Ansible would append the cause, which the message has already.
            raise AnsibleParserError(error.message) from None

    def _set_frozen_credentials(self) -> None:
        """Assume no role yet, as the base class does: when the cache answers, none is needed."""

    def _hosts(self, path: str, cache: bool) -> list[Host]:
        """The variables of every host, from the cache if it has the answer to this very question."""
        regions = self._regions()
        questions = self._questions()
        wanted_tags = self._wanted_tags()
        key = self._question_key(regions)
        was_cached, cached = self.get_cached_result(path, cache)
        answer: dict[str, t.Any] = cached if was_cached else {}
        if answer.get("question") != key:
            found, denied = self._read(regions, questions)
            answer = {"question": key, "denied": denied}
            answer["hosts"] = [host for host in found if hosts.has_tags(host, wanted_tags)]
            self.update_cached_result(path, False, answer)
        for message in answer["denied"]:
            self.warn(message)
        return list(answer["hosts"])

    def _regions(self) -> list[str]:
        """The regions, each once."""
        given = self.get_option("regions") or [self.region]
        return list(dict.fromkeys(sagemaker.checked_region(region) for region in given))

    def _questions(self) -> list[discovery.Question]:
        """What is asked of each region."""
        return [
            discovery.question_from_parameters(
                hosts.KINDS[kind],
                {option: self.get_option(option) for option in ("mlflow_version", "include_tags", *discovery.TIMES)},
                statuses=self.get_option("statuses"),
                include_details=self.get_option("include_details"),
            )
            for kind in dict.fromkeys(self.get_option("kinds"))
        ]

    def _wanted_tags(self) -> dict[str, t.Any]:
        tags: dict[str, t.Any] = self.get_option("tags")
        if tags and not self.get_option("include_tags"):
            raise MlflowError("tags: include_tags: false does not read any. Leave out one of the two.")
        return tags

    def _question_key(self, regions: Sequence[str]) -> str:
        """A short form of all that decides what AWS answers, and who is asked. No secret can be read from it."""
        asked = [regions, *(self.get_option(option) for option in (*ASKED, *discovery.TIMES))]
        asked += [os.environ.get(name) for name in ENDPOINTS]
        return hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()

    def _read(self, regions: Sequence[str], questions: Sequence[discovery.Question]) -> tuple[list[Host], list[str]]:
        """The hosts of all regions, in an order of their own (AWS's is by time), and what was denied."""
        clients = clients_by_region(self, regions)
        read = read_concurrently({region: partial(self._in_region, clients[region], questions) for region in regions})
        found = [host for in_region, _denied in read.values() for host in in_region]
        denied = [message for _found, messages in read.values() for message in messages]
        return sorted(found, key=lambda host: (host["mlflow_name"], host["mlflow_region"], host["mlflow_arn"])), denied

    def _in_region(self, clients: Clients, questions: Sequence[discovery.Question]) -> tuple[list[Host], list[str]]:
        """The hosts of one region, and what was denied there."""
        try:
            return self._found(clients, questions), []
        except MlflowError as error:
            message = f"{clients['sagemaker'].meta.region_name}: {error.message}"
            if not is_denied(error):
                raise MlflowError(message) from error
            if self.get_option("strict_permissions"):
                advice = "Or set strict_permissions: false to leave out what may not be read."
                raise MlflowError(f"{message} {advice}") from error
        if len(questions) == 1:
            return [], [f"{message} The inventory has no {questions[0].kind.noun}s of this Region."]
        each = [self._in_region(clients, [question]) for question in questions]
        return [host for found, _denied in each for host in found], [text for _found, denied in each for text in denied]

    @staticmethod
    def _found(clients: Clients, questions: Sequence[discovery.Question]) -> list[Host]:
        answers = zip(questions, discovery.find_all(clients, *questions), strict=True)
        return [hosts.variables(question.kind.name, each) for question, found in answers for each in found]

    def _fill(self, found: Sequence[Host], preferred: Sequence[hosts.Preference]) -> None:
        """Hosts with their variables and groups."""
        there = {
            name: host.vars["mlflow_arn"] for name, host in self.inventory.hosts.items() if "mlflow_arn" in host.vars
        }
        names = hosts.host_names(found, preferred, there)
        self._tell_of_namesakes(found, preferred, names)
        wanted = self.get_option("builtin_groups")
        for group in (hosts.ALL, *(hosts.KIND_GROUPS.values() if "kind" in wanted else ())):
            self.inventory.add_group(group)
        for host in found:
            self._add(names[host["mlflow_arn"]], host, hosts.groups(host, wanted))

    def _tell_of_namesakes(
        self, found: Sequence[Host], preferred: Sequence[hosts.Preference], names: Mapping[str, str]
    ) -> None:
        """A host that has another name than was asked for is not found under that one."""
        wished = {host["mlflow_arn"]: hosts.preferred_name(host, preferred) for host in found}
        renamed = sorted(f"{wished[arn]} is {name}" for arn, name in names.items() if name != wished[arn])
        if renamed:
            self.warn(
                f"Several hosts would have the same name, so they were told apart: {', '.join(renamed)}. "
                "The option hostnames can choose names that differ."
            )

    def _add(self, name: str, host: Host, groups: Sequence[str]) -> None:
        """One host."""
        values: Host = hosts.not_a_template(host)
        self.inventory.add_host(name)
        for group in groups:
            self.inventory.add_host(name, group=self.inventory.add_group(self._sanitize_group_name(group)))
        for variable, value in values.items():
            self.inventory.set_variable(name, variable, value)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), values, name, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), values, name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), values, name, strict=strict)
