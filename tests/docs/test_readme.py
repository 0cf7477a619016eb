# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the pages say works: every block is run, every link leads somewhere, every table agrees with the code."""

from __future__ import annotations

import fnmatch
import re
import shlex
import sys
import typing as t
from pathlib import Path

import pytest
import yaml
from docs.reader import NOT_CALLED, NOT_RUN, Reader
from local_region import REPOSITORY

from docs import pages

if t.TYPE_CHECKING:
    from collections.abc import Iterator

README = Path("README.md")
CLIENTS = Path("docs/using-mlflow.md")
GUIDES = sorted(path.relative_to(REPOSITORY) for path in REPOSITORY.glob("docs/*.md"))
ROLES = sorted(path.relative_to(REPOSITORY) for path in REPOSITORY.glob("roles/*/README.md"))
PAGES = [README, *GUIDES, *ROLES]
# This guide ends with a destruction.
LAST = Path("docs/operating.md")
MAKE = r"`make ([a-z-]+)|^(?:! )?make ([a-z-]+)"
STAGING = "arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/mlflow-staging-mlflow"
MINUTES = 5
WORDS_A_MINUTE = 230


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """Somebody with a fresh clone; nothing runs yet."""
    reader = Reader(tmp_path)
    yield reader
    reader.leave()


def test_the_readme_from_top_to_bottom(reader: Reader) -> None:
    for block in pages.blocks(reader.copy / README):
        reader.follow(block)


def test_the_guides_from_top_to_bottom(reader: Reader) -> None:
    """One test for all, because a deployment to read them with takes longer than most of them."""
    reader.start_aws()
    others_fill_the_account(reader)
    reader.open_shell(AWS_PROFILE="my-profile")
    reader.follow(pages.Block("before the guides", "bash", "make deploy ENV=staging"))
    the_policy_of_a_client_is_enough(reader)
    variables_deploy_what_they_name(reader)
    for page in [*sorted({*GUIDES, *ROLES} - {LAST}), LAST]:
        reader.open_shell(AWS_PROFILE="my-profile")
        for block in pages.blocks(reader.copy / page):
            reader.follow(block)
        if page == CLIENTS:
            cleaning_up_deletes_runs_and_artifacts(reader)


def others_fill_the_account(reader: Reader) -> None:
    reader.client("s3").create_bucket(Bucket="existing-sagemaker-bucket")
    kms = reader.client("kms")
    kms.create_alias(AliasName="alias/mlflow-production", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])


def the_policy_of_a_client_is_enough(reader: Reader) -> None:
    (policy,) = [block.text for block in pages.blocks(reader.copy / CLIENTS) if block.language == "json"]
    iam = reader.client("iam")
    iam.create_user(UserName="ana")
    iam.put_user_policy(UserName="ana", PolicyName="mlflow", PolicyDocument=policy)
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    reader.open_shell(
        AWS_ENDPOINT_URL=reader.endpoint,
        AWS_DEFAULT_REGION="us-east-1",
        AWS_ACCESS_KEY_ID=key["AccessKeyId"],
        AWS_SECRET_ACCESS_KEY=key["SecretAccessKey"],
    )
    verify = [sys.executable, "roles/mlflow_server/files/verify.py", "--tracking-uri", STAGING, "--keep"]
    reader.enforce_iam(True)
    assert "registered and read back the model" in reader.run(verify)
    iam.delete_user_policy(UserName="ana", PolicyName="mlflow")
    with pytest.raises(AssertionError, match=r"AccessDenied|not authorized"):
        reader.run(verify)
    reader.enforce_iam(False)


def cleaning_up_deletes_runs_and_artifacts(reader: Reader) -> None:
    """The same program, when 180 days have passed for the run of C(train.py)."""
    listing = {"Bucket": "mlflow-staging-mlflow-artifacts-zali-staging"}
    program = pages.blocks(reader.copy / CLIENTS)[-1].text

    def reports() -> list[str]:
        found = [entry["Key"] for entry in reader.client("s3").list_objects_v2(**listing)["Contents"]]
        return [key for key in found if key.endswith("report.json")]

    assert len(reports()) == 1
    assert reader.run([sys.executable, "-c", program]) == "", "a new run was taken for an old one"
    assert reader.run([sys.executable, "-c", program.replace("days=180", "days=-1")]) != ""
    assert reports() == []
    assert reader.run([sys.executable, "-c", program.replace("days=180", "days=-1")]) == "", "the run is still there"


def variables_deploy_what_they_name(reader: Reader) -> None:
    reader.open_shell(AWS_PROFILE="my-profile")
    found = [block for page in PAGES for block in pages.blocks(reader.copy / page) if block.language == "yaml"]
    variables = [block for block in found if isinstance(yaml.safe_load(block.text), dict)]
    preview = reader.preview(variables)
    for block in variables:
        assert f"\n{block.place.replace(':', '-')}\nPlan: " in preview
    assert "~ bucket           mlflow-staging-mlflow-artifacts-zali-staging (lifecycle_rules)" in preview


def test_no_exception_is_left_over() -> None:
    shell = "\n".join(block.text for page in PAGES for block in pages.blocks(REPOSITORY / page))
    assert [command for command in NOT_RUN if command not in shell] == []
    assert [service for service in NOT_CALLED if f"aws {service} " not in shell] == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    for link in pages.links(REPOSITORY / page):
        if link.startswith("https://"):
            continue
        target, _hash, anchor = link.partition("#")
        path = (REPOSITORY / page).parent / target if target else REPOSITORY / page
        assert path.exists(), link
        assert not anchor or anchor in pages.anchors(path), link


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_the_site_has_what_links_lead_to(page: Path) -> None:
    """`make docs` copies these and no others, and takes a link to anything else for a mistake."""
    copied = re.search(r"git ls-files -z -- (.+) \|", (REPOSITORY / "docs/site/build.sh").read_text())
    assert copied
    for link in pages.links(REPOSITORY / page):
        target = ((REPOSITORY / page).parent / link.partition("#")[0]).resolve()
        if link.startswith(("https://", "#")) or target.is_dir():
            continue
        path = target.relative_to(REPOSITORY)
        of_path = {str(path), *(str(parent) for parent in path.parents)}
        assert any(fnmatch.filter(of_path, pattern) for pattern in shlex.split(copied[1])), link


def documented(page: Path) -> Iterator[tuple[str, str]]:
    """Variable and default of every table row that has both."""
    for row in pages.rows(REPOSITORY / page):
        names = [
            name for cell in row[:2] for name in pages.codes(cell) if re.match(r"(mlflow_server|local_aws)_", name)
        ]
        column = 1 if page.parts[:2] == ("roles", "local_aws") else -1
        defaults = pages.codes(row[column]) or [row[column]]
        first = [name for name in pages.codes(row[0]) if name in names] or names[:1]
        if first and len(first) == len(defaults):
            yield from zip(first, defaults, strict=True)


def spelt(value: object) -> str:
    """A default as the tables have it."""
    if isinstance(value, bool):
        return str(value).lower()
    return "\u2013" if value == "" else str(value)


def options(role: str) -> dict[str, t.Any]:
    path = REPOSITORY / "roles" / role / "meta" / "argument_specs.yml"
    specification: dict[str, t.Any] = yaml.safe_load(path.read_text())["argument_specs"]["main"]["options"]
    defaults = yaml.safe_load((REPOSITORY / "roles" / role / "defaults" / "main.yml").read_text())
    return {name: {**option, "default": defaults[name]} for name, option in specification.items()}


TABLES = [
    (README, "mlflow_server"),
    (Path("docs/from-terraform.md"), "mlflow_server"),
    (Path("roles/mlflow_server/README.md"), "mlflow_server"),
]


@pytest.mark.parametrize(("page", "role"), TABLES, ids=str)
def test_tables_of_variables_agree_with_the_role(page: Path, role: str) -> None:
    table, real = dict(documented(page)), options(role)
    assert len(table) > 8
    assert table == {name: spelt(real[name].get("default")) if name in real else "no such variable" for name in table}


@pytest.mark.parametrize("role", ["mlflow_server", "local_aws"])
def test_the_page_of_a_role_has_all_its_variables(role: str) -> None:
    page = REPOSITORY / "roles" / role / "README.md"
    named = {name for row in pages.rows(page) for name in pages.codes(row[0]) if name.startswith(f"{role}_")}
    assert named == set(options(role))


def test_make_targets_of_the_readme_and_of_the_makefile_are_the_same() -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    offered = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    named = {"".join(found) for found in re.findall(MAKE, (REPOSITORY / README).read_text(), re.MULTILINE)}
    assert named == offered


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_named_make_targets_files_and_playbooks_exist(page: Path) -> None:
    text = (REPOSITORY / page).read_text()
    makefile = (REPOSITORY / "Makefile").read_text()
    for target in re.findall(MAKE, text, re.MULTILINE):
        assert re.search(rf"^{''.join(target)}:", makefile, re.MULTILINE), target
    made_here = re.findall(r"^cp -r \S+ (inventories/\w+)$", text, re.MULTILINE)
    for path in re.findall(r"(?:playbooks|inventories)/[\w/]+(?:\.yml)?", text):
        assert (REPOSITORY / path).exists() or path.startswith(tuple(made_here)), path


def test_the_readme_is_read_in_five_minutes() -> None:
    prose = re.sub(r"```.*?```", "", (REPOSITORY / README).read_text(), flags=re.DOTALL)
    assert len(re.findall(r"\w[\w'-]*", prose)) <= MINUTES * WORDS_A_MINUTE
