# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose access key it is: moto's IAM and STS backends hold the secrets that signatures are checked with."""

from __future__ import annotations

import re
import secrets
import string
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Literal

from localaws.settings import BOOT_ACCESS_KEY, BOOT_SECRET_KEY

if TYPE_CHECKING:
    from localaws.settings import Settings

Kind = Literal["root", "user", "assumed_role", "anonymous"]

# The root user of any other account: whoever tries out several accounts starts with this key.
_OTHER_ROOT = re.compile(r"AKIAROOT([0-9]{12})", re.ASCII)
# MLflow processes run as long as their server: far longer than any session of STS's.
_ROLE_SESSION = timedelta(days=3650)
_ROLE_SESSION_NAME = "SageMaker"


@dataclass(frozen=True)
class Principal:
    """Who signed a call."""

    account_id: str
    arn: str
    access_key_id: str
    kind: Kind
    name: str = ""  # of the user or the role
    session_name: str = ""
    session_policy: str | None = None
    user_id: str = ""  # aws:userid: AIDA..., AROA...:session, or the account


@dataclass(frozen=True)
class Credentials:
    """What a client signs with."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None


@dataclass(frozen=True)
class KnownKey:
    """An access key that exists."""

    credentials: Credentials
    principal: Principal
    expiration: datetime | None = None
    is_active: bool = True


def anonymous(account_id: str) -> Principal:
    """Who calls without a signature."""
    return Principal(account_id, "*", "", "anonymous", user_id="anonymous")


def find(access_key_id: str, settings: Settings) -> KnownKey | None:
    """The key with this id, in whatever account it is."""
    if access_key_id == BOOT_ACCESS_KEY:
        return KnownKey(Credentials(BOOT_ACCESS_KEY, BOOT_SECRET_KEY), root(settings))
    other = _OTHER_ROOT.fullmatch(access_key_id)
    if other:
        return KnownKey(Credentials(access_key_id, BOOT_SECRET_KEY), root(settings, other[1]))
    return _session_key(access_key_id) or _user_key(access_key_id) or _token_key(access_key_id)


def root(settings: Settings, account_id: str = "") -> Principal:
    """An account's root. The documented example key belongs to that of the account of this local AWS."""
    owner, key = account_id or settings.account_id, f"AKIAROOT{account_id}" if account_id else BOOT_ACCESS_KEY
    arn = f"arn:{_partition(settings)}:iam::{owner}:root"
    return Principal(owner, arn, key, "root", user_id=owner)


def role_credentials(role_arn: str, settings: Settings, session_name: str = _ROLE_SESSION_NAME) -> Credentials:
    """Long-lived credentials of a role, for a service that acts as it (MLflow behind a tracking server, Scheduler).

    One session a role: asked again (after a restart, too) the same credentials come back.
    """
    account_id = role_arn.split(":")[4]
    backend = _sts(account_id, _partition(settings))
    sessions = backend.assumed_roles
    for session in list(sessions):
        if session.role_arn == role_arn and session.session_name == session_name:
            return _credentials(session)
    session = backend.assume_role(
        region_name=settings.region,
        role_session_name=session_name,
        role_arn=role_arn,
        policy=None,
        duration=int(_ROLE_SESSION.total_seconds()),
        external_id=None,
    )
    return _credentials(session)


def issue_token(principal: Principal, expiration: datetime, now: datetime, settings: Settings) -> KnownKey:
    """A temporary key for somebody who is no role: moto answers GetSessionToken with one that opens nothing."""
    characters = string.ascii_uppercase + string.digits
    identifier = "ASIA" + "".join(secrets.choice(characters) for _unused in range(16))
    token = Credentials(identifier, secrets.token_urlsafe(30), secrets.token_urlsafe(120))
    key = KnownKey(token, replace(principal, access_key_id=identifier), expiration)
    tokens = _tokens(_sts(principal.account_id, _partition(settings)))
    for each in [old for old, known in tokens.items() if known.expiration is None or known.expiration < now]:
        del tokens[each]
    tokens[identifier] = key
    return key


def is_temporary(principal: Principal) -> bool:
    """Whether the key came from STS."""
    return principal.access_key_id.startswith("ASIA")


def _partition(settings: Settings) -> str:
    from moto.utilities.utils import get_partition

    return str(get_partition(settings.region))


def _credentials(session: Any) -> Credentials:
    return Credentials(session.access_key_id, session.secret_access_key, session.session_token)


def _session_key(access_key_id: str) -> KnownKey | None:
    from moto.sts.models import sts_backends

    for account_id, partitions in list(sts_backends.items()):
        for backend in list(partitions.values()):
            session = backend.get_assumed_role_from_access_key(access_key_id)
            if session is not None:
                principal = Principal(
                    account_id,
                    session.arn,
                    access_key_id,
                    "assumed_role",
                    name=session.role_arn.rsplit("/", 1)[-1],
                    session_name=session.session_name,
                    session_policy=session.policy,
                    user_id=session.user_id,
                )
                expiration = session.expiration.replace(tzinfo=timezone.utc)
                return KnownKey(_credentials(session), principal, expiration)
    return None


def _token_key(access_key_id: str) -> KnownKey | None:
    from moto.sts.models import sts_backends

    backends = [backend for partitions in list(sts_backends.values()) for backend in list(partitions.values())]
    return next((_tokens(each)[access_key_id] for each in backends if access_key_id in _tokens(each)), None)


def _sts(account_id: str, partition: str) -> Any:
    from moto.sts.models import sts_backends

    return sts_backends[account_id][partition]


def _tokens(backend: Any) -> dict[str, KnownKey]:
    """Kept on moto's own object, so that they are saved, restored and forgotten with it."""
    tokens: dict[str, KnownKey] = backend.__dict__.setdefault("localaws_tokens", {})
    return tokens


def _user_key(access_key_id: str) -> KnownKey | None:
    from moto.iam.models import iam_backends

    for account_id, partitions in list(iam_backends.items()):
        for backend in list(partitions.values()):
            user = backend.get_user_from_access_key_id(access_key_id)
            if user is None:
                continue
            key = user.get_access_key_by_id(access_key_id)
            principal = Principal(account_id, user.arn, access_key_id, "user", name=user.name, user_id=user.id)
            credentials = Credentials(access_key_id, key.secret_access_key)
            return KnownKey(credentials, principal, is_active=key.status == "Active")
    return None
