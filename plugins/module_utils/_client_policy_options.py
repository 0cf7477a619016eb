# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What the user wishes for a client's policy: the module's options, checked and in normal form. Makes no call."""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tags as tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._artifact_place import artifact_place
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._client_policies import ClientAccess, client_policy
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._kms import KeyReference, parse_key
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policies import partition_of
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import size
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_options import checked, checked_path

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

QUOTAS = {"role": 10_240, "group": 5_120, "managed": 6_144}
"""Characters without white space that IAM allows in the inline policies of one role or group, and in a managed policy."""

_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]+")
_TARGET_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z0-9-]*):iam::(?P<account>[0-9]{12}):(?P<kind>role|group)/(\S*/)?(?P<name>[^/]+)"
)
_RESOURCE_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z0-9-]*):sagemaker:(?P<region>[a-z]{2}[a-z0-9-]+):(?P<account>[0-9]{12}):"
    r"mlflow-(tracking-server|app)/(?P<id>[a-zA-Z0-9](-*[a-zA-Z0-9]){0,255}|\*)"
)
_ACTION = re.compile(r"(sagemaker-mlflow:)?(?P<action>[A-Z][A-Za-z0-9]{1,63})")
_SOURCES = {
    "source_vpce": ("aws:SourceVpce", re.compile(r"vpce-[0-9a-f]{8,17}"), "vpce-0123456789abcdef0"),
    "source_vpc": ("aws:SourceVpc", re.compile(r"vpc-[0-9a-f]{8,17}"), "vpc-0123456789abcdef0"),
}
_KEY_OF_ANY_LENGTH = f"arn:{'a' * 12}:kms:{'r' * 16}:{'0' * 12}:key/{'k' * 36}"


class Target(t.NamedTuple):
    """Whom a policy is for: C(kind) is C(role) or C(group)."""

    kind: str
    name: str

    @property
    def option(self) -> str:
        """Where the user named it."""
        return f"{self.kind}s"

    @property
    def parameters(self) -> dict[str, str]:
        """How IAM's calls name it."""
        return {f"{self.kind.capitalize()}Name": self.name}


@dataclass(frozen=True)
class ClientPolicyWish:
    """The wished policy. What is None was not asked about and stays as it is.

    :param access: what it allows, still without the ARN of the key; None when the policy is to be absent.
    :param key: of the artifact store.
    :param targets: who gets it (or loses it).
    :param owners: option and account of every ARN among the targets.
    """

    name: str
    present: bool
    managed: bool
    region: str
    access: ClientAccess | None = None
    key: KeyReference | None = None
    targets: tuple[Target, ...] = ()
    owners: tuple[tuple[str, str, str], ...] = ()
    purge_attachments: bool = False
    path: str | None = None
    tags: Mapping[str, str] | None = None
    purge_tags: bool = False

    def with_key(self, key_arn: str | None) -> ClientAccess:
        """What the policy allows, with the key."""
        if self.access is None:
            raise ValueError("an absent policy allows nothing")
        return replace(self.access, key_arn=key_arn)


def wish_from(options: Mapping[str, t.Any], region: str) -> ClientPolicyWish:
    """The wish from the module's options. Raises MlflowError for what AWS would refuse."""
    present, managed = options["state"] == "present", options["policy_type"] == "managed"
    targets, owners = _targets(options)
    if not targets and not managed:
        raise MlflowError("roles, groups: an inline policy is part of a role or a group. Name at least one.")
    if not managed:
        _refuse_managed_only(options)
    wish = ClientPolicyWish(
        name=checked("name", options["name"], _NAME, 128, "letters, digits and _+=,.@-"),
        present=present,
        managed=managed,
        region=region,
        targets=targets,
        owners=owners,
        purge_attachments=options["purge_attachments"],
        path=checked_path("path", options["path"]),
        tags=tags.wished(options["tags"]),
        purge_tags=options["purge_tags"],
    )
    if not present:
        return wish
    key = parse_key(options["kms_key_id"]) if options["kms_key_id"] else None
    wish = replace(wish, access=_access(options), key=key)
    _refuse_other_partitions(wish, options["resource_arns"])
    _refuse_oversize(wish)
    return wish


def _refuse_managed_only(options: Mapping[str, t.Any]) -> None:
    for option in ("path", "tags", "purge_attachments", "purge_tags"):
        if options[option]:
            raise MlflowError(f"{option}: an inline policy has none. Remove the option, or set policy_type: managed.")


def _access(options: Mapping[str, t.Any]) -> ClientAccess:
    if not options["profiles"]:
        raise MlflowError("profiles: name at least one, such as reader.")
    resource_tags, principal_tags = _tag_conditions(options)
    arns = _resource_arns(options["resource_arns"] or (), patterns=bool(resource_tags or principal_tags))
    bucket, prefix = None, ""
    if options["artifact_store_uri"]:
        bucket, prefix = artifact_place("artifact_store_uri", options["artifact_store_uri"])
    elif options["kms_key_id"]:
        raise MlflowError(
            "kms_key_id: it is the key of the artifact store, and artifact_store_uri is not given. Give both."
        )
    return ClientAccess(
        profiles=frozenset(options["profiles"] or ()),
        resource_arns=arns,
        additional_actions=_actions(options["additional_actions"] or ()),
        bucket=bucket,
        prefix=prefix,
        resource_tags=resource_tags,
        principal_tags=principal_tags,
        sources=_sources(options),
    )


def _resource_arns(arns: Sequence[str], *, patterns: bool) -> tuple[str, ...]:
    if not arns:
        raise MlflowError("resource_arns: name at least one tracking server or App.")
    for arn in arns:
        found = _RESOURCE_ARN.fullmatch(arn)
        if not found:
            raise MlflowError(
                f"resource_arns: '{arn[:100]}' is not the ARN of a tracking server (arn:aws:sagemaker:<region>:<account>:"
                "mlflow-tracking-server/<name>) or of an App (arn:aws:sagemaker:<region>:<account>:mlflow-app/<id>)."
            )
        if found["id"] == "*" and not patterns:
            raise MlflowError(
                f"resource_arns: '{arn}' means every one of the account. Name them one by one, or say which with "
                "resource_tag_conditions or principal_tag_conditions."
            )
    return tuple(sorted(set(arns)))


def _actions(actions: Iterable[str]) -> tuple[str, ...]:
    found = []
    for action in actions:
        match = _ACTION.fullmatch(action)
        if match is None:
            raise MlflowError(
                f"additional_actions: '{action[:100]}' is no action of sagemaker-mlflow, as sagemaker-mlflow:CreateLoggedModel. "
                "Wildcards are not allowed."
            )
        found.append(match["action"])
    return tuple(sorted(set(found)))


def _tag_conditions(options: Mapping[str, t.Any]) -> tuple[dict[str, str], tuple[str, ...]]:
    resource_tags = _tags("resource_tag_conditions", options["resource_tag_conditions"] or {})
    principal_tags = tuple(
        sorted(_tags("principal_tag_conditions", dict.fromkeys(options["principal_tag_conditions"] or (), "")))
    )
    both = sorted(set(resource_tags) & set(principal_tags))
    if both:
        raise MlflowError(
            f"principal_tag_conditions: '{both[0]}' is in resource_tag_conditions too, and only one of them can hold. Remove one."
        )
    return resource_tags, principal_tags


def _tags(option: str, given: Mapping[str, t.Any]) -> dict[str, str]:
    """Tags have no character that is a wildcard or begins a variable in a policy; a policy has no other than Latin letters."""
    try:
        found = tags.wished(given) or {}
    except MlflowError as error:
        raise MlflowError(f"{option}: {error.message.removeprefix('tags: ')}") from error
    for text in (*found, *found.values()):
        if any(character > "\xff" for character in text):
            raise MlflowError(
                f"{option}: '{text}' has a character that IAM does not allow in a policy (beyond Latin-1)."
            )
    return found


def _sources(options: Mapping[str, t.Any]) -> dict[str, tuple[str, ...]]:
    given = [option for option in (*_SOURCES, "source_ip") if options[option]]
    if len(given) > 1:
        raise MlflowError(
            f"{given[0]} and {given[1]} exclude each other: a request that comes through an endpoint carries no public address, and "
            "both would have to hold. Choose one, and make a second policy for the other."
        )
    if not given:
        return {}
    if given == ["source_ip"]:
        return {"aws:SourceIp": tuple(sorted({_network(address) for address in options["source_ip"]}))}
    key, pattern, sample = _SOURCES[given[0]]
    for value in options[given[0]]:
        checked(given[0], value, pattern, 30, f"give an id such as {sample}")
    return {key: tuple(sorted(set(options[given[0]])))}


def _network(address: str) -> str:
    try:
        network = ipaddress.ip_network(address)
    except ValueError as error:
        raise MlflowError(
            f"source_ip: '{address[:60]}' is no address and no range in CIDR notation ({error})."
        ) from error
    if network.prefixlen == 0:
        raise MlflowError(f"source_ip: '{address}' is every address. Leave the option out, or name a range.")
    return str(network)


def _targets(options: Mapping[str, t.Any]) -> tuple[tuple[Target, ...], tuple[tuple[str, str, str], ...]]:
    """Each target once; of those that were given as ARNs also partition and account."""
    targets, owners = set(), set()
    for kind, longest in (("role", 64), ("group", 128)):
        for value in options[f"{kind}s"] or ():
            found = _TARGET_ARN.fullmatch(value)
            if value.startswith("arn:") and (found is None or found["kind"] != kind):
                raise MlflowError(f"{kind}s: '{value[:100]}' is not the ARN of a {kind}. Give its name or its ARN.")
            name = found["name"] if found else value
            checked(f"{kind}s", name, _NAME, longest, "letters, digits and _+=,.@- (without the path)")
            targets.add(Target(kind, name))
            if found:
                owners.add((f"{kind}s", found["partition"], found["account"]))
    return tuple(sorted(targets, reverse=True)), tuple(sorted(owners))


def _refuse_other_partitions(wish: ClientPolicyWish, resource_arns: Sequence[str]) -> None:
    """What is in another partition than the calls go to names nothing here."""
    ours = partition_of(wish.region) if wish.region else resource_arns[0].split(":")[1]
    named = [("resource_arns", arn.split(":")[1], arn) for arn in resource_arns]
    named += [("resource_arns", partition_of(arn.split(":")[3]), arn) for arn in resource_arns]
    named += [(option, partition, f"arn:{partition}:iam::{account}:...") for option, partition, account in wish.owners]
    if wish.key is not None and wish.key.is_arn:
        named.append(("kms_key_id", wish.key.text.split(":")[1], wish.key.text))
    for option, partition, arn in named:
        if partition != ours:
            raise MlflowError(
                f"{option}: '{arn}' is in the partition '{partition}', and the calls go to '{ours}'. Correct the ARN, or set region to "
                "one of its partition."
            )


def _refuse_oversize(wish: ClientPolicyWish) -> None:
    """Before the key is known: no ARN of a key is longer than this one."""
    length = size(client_policy(wish.with_key(_KEY_OF_ANY_LENGTH if wish.key else None)))
    kinds = ["managed"] if wish.managed else sorted({target.kind for target in wish.targets})
    for kind in kinds:
        if length > QUOTAS[kind]:
            of = "a managed policy" if kind == "managed" else f"the inline policies of a {kind}"
            raise MlflowError(
                f"resource_arns: the policy would have {length} characters, AWS allows {QUOTAS[kind]} in {of}. Make several policies, "
                "each for some of the servers, or choose servers by resource_tag_conditions."
            )
