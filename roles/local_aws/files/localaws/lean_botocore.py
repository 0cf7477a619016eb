# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes moto light: service models without their documentation, IAM without 5 MB of managed policies.

Measured with SageMaker's model: the documentation is two thirds of its memory. moto holds all AWS managed
policies as one string; here a policy is read from that file when a call names it.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import sys
import types
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.loaders import JSONFileLoader

if TYPE_CHECKING:
    from collections.abc import Iterable

_POLICY_MODULE = "moto.iam.aws_managed_policies"
_MANAGED_POLICY = re.compile(r"arn:aws[a-z-]*:iam::aws:policy/(?:[^\s/]+/)*([\w+=,.@-]+)")

# moto reads these when it is imported. Default machine images are 24 MB of state nobody asked for; buckets
# never arrive as a subdomain of an address; bigger objects go to disk; web pages of others have no business here.
ENVIRONMENT = {
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
    "MOTO_ALLOW_NONEXISTENT_REGION": "true",
    "S3_IGNORE_SUBDOMAIN_BUCKETNAME": "true",
    "MOTO_DISABLE_GLOBAL_CORS": "true",
    "MOTO_S3_DEFAULT_KEY_BUFFER_SIZE": str(256 * 1024),
}


class LeanFileLoader(JSONFileLoader):
    """Loads botocore's data files and leaves their documentation out."""

    def load_file(self, file_path: str) -> Any:
        for path, open_file in ((Path(f"{file_path}.json"), open), (Path(f"{file_path}.json.gz"), gzip.open)):
            if path.is_file():
                with open_file(path, "rb") as file:
                    return json.loads(file.read(), object_pairs_hook=_without_documentation)
        return None


def _without_documentation(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Only strings: an operation may well have a member of this name.
    return {sys.intern(key): value for key, value in pairs if key != "documentation" or not isinstance(value, str)}


def prepare() -> None:
    """Must run before moto is imported."""
    os.environ.update(ENVIRONMENT)
    placeholder = types.ModuleType(_POLICY_MODULE)
    placeholder.aws_managed_policies_data = "{}"  # type: ignore[attr-defined]  # the one name moto imports
    sys.modules[_POLICY_MODULE] = placeholder

    import moto.backends
    import moto.core.responses
    import moto.core.utils
    from moto.core.base_backend import AccountSpecificBackend
    from moto.core.common_models import BaseModel
    from moto.core.loaders import Loader, moto_root

    # moto looks at its 170 folders for each call, to find out which services it has.
    services = tuple(moto.backends.list_of_moto_modules())
    moto.backends.list_of_moto_modules = lambda: services
    # And at all members of a service's class for each call of it.
    moto.core.responses.method_names_from_class = cache(moto.core.responses.method_names_from_class)
    moto.core.utils.create_loader = partial(Loader, extra_search_paths=[moto_root], file_loader=LeanFileLoader())
    # botocore's table of all endpoints costs 22 MB and answers only which regions exist. moto makes any region on
    # demand; the one it insists on is where it looks up its routes.
    AccountSpecificBackend._generate_regions = lambda _self, _service: ["us-east-1"]
    # moto remembers every object ever made for its dashboard, deleted artifacts of gigabytes included.
    BaseModel.__new__ = lambda cls, *_arguments, **_named: object.__new__(cls)


def managed_policies_in(text: str) -> set[str]:
    """The names of AWS managed policies whose ARNs a request mentions."""
    return set(_MANAGED_POLICY.findall(text))


def load_managed_policies(account_id: str, region: str, names: Iterable[str] | None = None) -> None:
    """Give an account's IAM these AWS managed policies (None: all of them)."""
    from moto.iam.models import AWSManagedPolicy, iam_backends
    from moto.utilities.utils import get_partition

    backend = iam_backends[account_id][get_partition(region)]
    known = {policy.name for policy in backend.aws_managed_policies}
    missing = None if names is None else set(names) - known
    if missing == set():
        return
    for name, data in _policy_data(missing).items():
        if name not in known:
            policy = AWSManagedPolicy.from_data(name, account_id, backend.region_name, data)
            backend.aws_managed_policies.append(policy)
            backend.managed_policies[policy.arn] = policy


def _policy_data(names: Iterable[str] | None) -> dict[str, dict[str, Any]]:
    package = find_spec("moto.iam")
    if package is None or not package.submodule_search_locations:
        return {}
    text = (Path(package.submodule_search_locations[0]) / "aws_managed_policies.py").read_text(encoding="utf-8")
    decoder = json.JSONDecoder()
    if names is None:
        everything: dict[str, dict[str, Any]] = decoder.raw_decode(text, text.index("{"))[0]
        return everything
    found: dict[str, dict[str, Any]] = {}
    for name in names:
        start = text.find(f'\n "{name}":')
        if start >= 0:
            found[name] = decoder.raw_decode(text, text.index("{", start))[0]
    return found
