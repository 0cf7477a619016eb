# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is kept between clients, and what happens where botocore is another than the one that was looked at."""

from __future__ import annotations

import shutil
import ssl
import threading
import typing as t
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from unittest import mock

import botocore.session
import pytest
from botocore import httpsession
from botocore.config import Config
from botocore.credentials import Credentials

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _session
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import client_config
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._session import Session, share_trust

if t.TYPE_CHECKING:
    from pathlib import Path

KEYS = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "secret"}


def pool() -> t.Any:
    """A pool of connections as urllib3 makes it."""
    return SimpleNamespace(conn_kw={"ssl_context": "its own"}, ca_certs=None, cert_reqs=None)


def http_session() -> t.Any:
    return httpsession.URLLib3Session()


def client_with(session: t.Any) -> t.Any:
    return SimpleNamespace(_endpoint=SimpleNamespace(http_session=session))


def test_all_connections_share_one_context_that_trusts_the_bundle() -> None:
    first, second = http_session(), http_session()
    assert share_trust(client_with(first))
    assert share_trust(client_with(second))
    pools = [pool(), pool()]
    for session, each in zip((first, second), pools, strict=True):
        session._setup_ssl_cert(each, "https://sts.amazonaws.com", True)
    context = pools[0].conn_kw["ssl_context"]
    assert context is pools[1].conn_kw["ssl_context"]
    assert isinstance(context, ssl.SSLContext)
    assert len(context.get_ca_certs()) > 50
    assert [(each.ca_certs, each.cert_reqs) for each in pools] == [(None, "CERT_REQUIRED")] * 2


@pytest.mark.parametrize(("url", "verify"), [("http://127.0.0.1:1", True), ("https://127.0.0.1:1", False)])
def test_what_is_not_verified_is_left_to_botocore(url: str, verify: bool) -> None:
    session, each = http_session(), pool()
    share_trust(client_with(session))
    session._setup_ssl_cert(each, url, verify)
    assert (each.conn_kw["ssl_context"], each.cert_reqs) == ("its own", "CERT_NONE")


def test_a_pool_of_another_shape_is_left_to_botocore() -> None:
    session = http_session()
    share_trust(client_with(session))
    each = SimpleNamespace(ca_certs=None, cert_reqs=None)
    session._setup_ssl_cert(each, "https://sts.amazonaws.com", True)
    assert each.ca_certs == str(httpsession.get_cert_path(True))


class Renamed:
    """A session without the method that is replaced."""

    _cert_file = None


class Changed:
    """A session whose method takes other arguments."""

    _cert_file = None

    def _setup_ssl_cert(self, conn: object, verify: object) -> None:
        """As some later version may have it."""


@pytest.mark.parametrize("session", [None, Renamed(), Changed(), httpsession.URLLib3Session(client_cert="own.pem")])
def test_another_botocore_goes_on_as_it_does(session: t.Any) -> None:
    before = getattr(session, "_setup_ssl_cert", None)
    assert not share_trust(client_with(session))
    assert getattr(session, "_setup_ssl_cert", None) == before


@pytest.mark.parametrize("name", ["get_cert_path", "create_urllib3_context"])
def test_a_botocore_without_what_is_used_goes_on_as_it_does(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    session = http_session()
    monkeypatch.delattr(httpsession, name)
    assert not share_trust(client_with(session))


def test_a_client_without_an_endpoint_goes_on_as_it_does() -> None:
    assert not share_trust(SimpleNamespace())


def test_the_users_configuration_wins() -> None:
    user = {**KEYS, "aws_config": Config(read_timeout=5)}
    client = Session("us-east-1", None, user).client("sts", Config(read_timeout=60, connect_timeout=10))
    assert (client.meta.config.read_timeout, client.meta.config.connect_timeout) == (5, 10)


def test_one_session_finds_credentials_once() -> None:
    with mock.patch.object(botocore.session.Session, "get_credentials", autospec=True) as found:
        found.return_value = Credentials("key", "secret")
        session = Session("us-east-1", None, {})
        clients = [session.client(service, Config()) for service in ("sts", "iam")]
    assert len({id(call.args[0]) for call in found.call_args_list}) == 1
    assert len(clients) == 2


class TestAccount:
    def test_of_keys_in_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEYS["aws_access_key_id"])
        assert Session("us-east-1", None, KEYS).account_id() is None
        monkeypatch.setenv("AWS_ACCOUNT_ID", "")
        assert Session("us-east-1", None, KEYS).account_id() is None
        monkeypatch.setenv("AWS_ACCOUNT_ID", "123456789012")
        assert Session("us-east-1", None, KEYS).account_id() == "123456789012"
        other = {**KEYS, "aws_access_key_id": "AKIAOTHER"}
        assert Session("us-east-1", None, other).account_id() is None, "it is the account of other keys"

    @pytest.mark.parametrize("account_id", ["123456789012", None])
    def test_of_an_assumed_role(self, account_id: str | None) -> None:
        credentials = Credentials("key", "secret", "token", account_id=account_id)
        with mock.patch.object(botocore.session.Session, "get_credentials", return_value=credentials):
            assert Session("us-east-1", None, {}).account_id() == account_id

    def test_of_nobody(self) -> None:
        with mock.patch.object(botocore.session.Session, "get_credentials", return_value=None):
            assert Session("us-east-1", None, {}).account_id() is None


class TestCertificates:
    @pytest.fixture(autouse=True)
    def nothing_is_loaded(self) -> None:
        _session._loaded.cache_clear()

    @pytest.mark.parametrize("named", [None, "AWS_CA_BUNDLE"])
    def test_those_of_the_configuration_are_loaded_beforehand(
        self, named: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bundle = tmp_path / "bundle.pem"
        shutil.copy(str(httpsession.get_cert_path(True)), bundle)
        monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
        if named:
            monkeypatch.setenv(named, str(bundle))
        Session("us-east-1", None, {}).load_trust()
        expected = str(bundle) if named else str(httpsession.get_cert_path(True))
        with mock.patch.object(httpsession, "create_urllib3_context", side_effect=AssertionError("it is loaded")):
            _session._trusting(expected)

    def test_those_of_the_options_are(self, tmp_path: Path) -> None:
        bundle = tmp_path / "bundle.pem"
        shutil.copy(str(httpsession.get_cert_path(True)), bundle)
        Session("us-east-1", None, {"verify": False}).load_trust()
        assert not Session("us-east-1", None, {}).has_trust
        Session("us-east-1", None, {"verify": str(bundle)}).load_trust()
        with mock.patch.object(httpsession, "create_urllib3_context", side_effect=AssertionError("it is loaded")):
            _session._trusting(str(bundle))

    def test_another_botocore_loads_them_itself(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delattr(httpsession, "get_cert_path")
        session = Session("us-east-1", None, {})
        session.load_trust()
        assert not session.has_trust

    def test_a_round_of_connections_loads_them_once(self) -> None:
        bundle = str(httpsession.get_cert_path(True))
        together = threading.Barrier(8)

        def connect() -> None:
            together.wait()
            _session._trusting(bundle)

        with ThreadPoolExecutor(8) as pool:
            for done in [pool.submit(connect) for _each in range(8)]:
                done.result()
        assert _session._loaded.cache_info().misses == 1


@pytest.fixture
def sharing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process whose modules share sessions, until the test ends."""
    monkeypatch.setattr(_session, "_shared", None)
    _session.share_sessions()


@pytest.mark.usefixtures("sharing")
def test_modules_with_the_same_options_share_session_and_clients() -> None:
    one, same = (_session.session_of("us-east-1", None, dict(KEYS)) for _module in range(2))
    other = _session.session_of("us-east-1", None, {**KEYS, "aws_secret_access_key": "other"})
    away = _session.session_of("eu-west-1", None, KEYS)
    assert one is same
    assert len({id(each) for each in (one, other, away)}) == 3
    client = one.client("sts", client_config())
    assert client is same.client("sts", client_config())
    assert client is not other.client("sts", client_config())
    once = one.client("sts", client_config(attempts=1))
    assert (once is not client, once.meta.config.retries["total_max_attempts"]) == (True, 1)
    assert client.meta.config.max_pool_connections > client_config().max_pool_connections  # type: ignore[attr-defined]  # botocore sets it


def test_a_module_in_a_process_of_its_own_shares_nothing() -> None:
    one, same = (_session.session_of("us-east-1", None, KEYS) for _module in range(2))
    assert one is not same
