# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Presigned links open the UI once, in time, and only the UI they were made for."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from localaws.clock import Clock
from localaws.credentials import Principal
from localaws.data_plane.presigned import LinkRejected, PresignedLinks, path_of
from localaws.data_plane.sessions import Sessions
from localaws.settings import Settings

ARN = "arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/models"
OTHER = "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/models"
ALICE = Principal("123456789012", "arn:aws:iam::123456789012:user/alice", "AKIAALICE", "user", name="alice")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def links(clock: Clock) -> PresignedLinks:
    return PresignedLinks(Settings(home=Path("unused"), port=4711), clock)


def token_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["authToken"][0]


def test_a_link_leads_to_its_own_mlflow(links: PresignedLinks) -> None:
    url = links.issue(ARN, 300, 43200)
    assert url.startswith(f"http://127.0.0.1:4711{path_of(ARN)}auth?authToken=")
    link = links.redeem(path_of(ARN), token_of(url))
    assert (link.arn, link.session_seconds) == (ARN, 43200)


def test_tokens_differ(links: PresignedLinks) -> None:
    assert links.issue(ARN, 300, 1800) != links.issue(ARN, 300, 1800)


def test_a_link_works_once(links: PresignedLinks) -> None:
    token = token_of(links.issue(ARN, 300, 1800))
    links.redeem(path_of(ARN), token)
    with pytest.raises(LinkRejected, match="used already"):
        links.redeem(path_of(ARN), token)


@pytest.mark.parametrize(("after", "opens"), [(0, True), (59, True), (61, False), (86000, False)])
def test_a_link_expires_by_the_movable_clock(links: PresignedLinks, clock: Clock, after: float, opens: bool) -> None:
    token = token_of(links.issue(ARN, 60, 1800))
    clock.advance(after)
    if opens:
        assert links.redeem(path_of(ARN), token).arn == ARN
        return
    with pytest.raises(LinkRejected, match="expired"):
        links.redeem(path_of(ARN), token)


@pytest.mark.parametrize("token", ["", "guessed"])
def test_an_invented_token_opens_nothing(links: PresignedLinks, token: str) -> None:
    links.issue(ARN, 300, 1800)
    with pytest.raises(LinkRejected, match="not one that"):
        links.redeem(path_of(ARN), token)


def test_a_link_of_another_mlflow_opens_nothing_and_stays_usable(links: PresignedLinks) -> None:
    token = token_of(links.issue(OTHER, 300, 1800))
    with pytest.raises(LinkRejected, match="not one that"):
        links.redeem(path_of(ARN), token)
    assert links.redeem(path_of(OTHER), token).arn == OTHER


def test_links_survive_a_restart(links: PresignedLinks, clock: Clock) -> None:
    used, unused = (token_of(links.issue(ARN, 300, 1800, ALICE)) for _unused in range(2))
    links.redeem(path_of(ARN), used)
    restarted = PresignedLinks(Settings(home=Path("unused")), clock)
    restarted.load(links.dump())
    assert restarted.redeem(path_of(ARN), unused).principal == ALICE
    with pytest.raises(LinkRejected, match="used already"):
        restarted.redeem(path_of(ARN), used)


def test_long_gone_links_are_forgotten(links: PresignedLinks, clock: Clock) -> None:
    token = token_of(links.issue(ARN, 300, 1800))
    clock.advance(90000)
    links.issue(ARN, 300, 1800)
    with pytest.raises(LinkRejected, match="not one that"):
        links.redeem(path_of(ARN), token)


@pytest.mark.parametrize(("after", "lives"), [(0, True), (1799, True), (1801, False)])
def test_a_session_ends_by_the_movable_clock(clock: Clock, after: float, lives: bool) -> None:
    sessions = Sessions(clock)
    value = sessions.open(ARN, 1800, ALICE)
    clock.advance(after)
    assert (sessions.find(value) is not None) is lives


def test_sessions_survive_a_restart(clock: Clock) -> None:
    sessions, restarted = Sessions(clock), Sessions(clock)
    value = sessions.open(ARN, 1800, ALICE)
    restarted.load(sessions.dump())
    found = restarted.find(value)
    assert found is not None
    assert (found.arn, found.principal) == (ARN, ALICE)
    assert restarted.find("invented") is None
