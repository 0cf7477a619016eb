# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Archives: complete, proven, resumed wherever they were interrupted, and as good a source as what they are of."""

from __future__ import annotations

import gzip
import json
import random
import shutil
import sqlite3
import typing as t
from contextlib import closing
from pathlib import Path
from unittest import mock

import pytest
from local_aws.managed_mlflow import BUCKET
from migration_servers import changed, database, new_app

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration import _artifact_places as places

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from local_aws.managed_mlflow import ManagedMlflow
    from module_run import Modules, Run

MODULE = "mlflow_migration"


def archive(modules: Modules, source: Path, target: Path | str, **more: t.Any) -> Run:
    """Archive a self-hosted MLflow, with S3's region if it needs one."""
    uri = str(target) if str(target).startswith("s3://") else f"file://{target}"
    return modules.run(MODULE, source=database(source), target={"uri": uri}, region="us-east-1", **more)


def content(folder: Path) -> dict[str, bytes]:
    """Every file of an archive."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def entries(folder: Path) -> list[dict[str, t.Any]]:
    """The records that count."""
    about = json.loads((folder / "archive.json").read_text())
    return [json.loads(line) for line in gzip.decompress((folder / about["index"]["path"]).read_bytes()).splitlines()]


def rows(source: Path, query: str) -> int:
    with closing(sqlite3.connect(source / "mlflow.db")) as connection:
        return int(connection.execute(query).fetchone()[0])


@pytest.fixture
def source(little: Path, tmp_path: Path) -> Path:
    """A copy of the workload that a test may change."""
    return Path(shutil.copytree(little, tmp_path / "source"))


@pytest.fixture(scope="module")
def made(little: Path, managed_modules: Modules, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of the workload."""
    folder = tmp_path_factory.mktemp("archives") / "made"
    archive(managed_modules, little, folder)
    return folder


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may damage."""
    return Path(shutil.copytree(made, tmp_path / "copy"))


class TestArchiving:
    def test_a_preview_tells_what_would_be_archived_and_writes_nothing(
        self, little: Path, modules: Modules, tmp_path: Path
    ) -> None:
        run = archive(modules, little, tmp_path / "archive", check=True)
        counts = run.result["plan"]["counts"]
        assert run.changed
        assert counts["run"] == rows(little, "SELECT COUNT(*) FROM runs")
        assert counts["metric_point"] == rows(little, "SELECT COUNT(*) FROM metrics")
        assert counts["trace"] == rows(little, "SELECT COUNT(*) FROM trace_info")
        assert not (tmp_path / "archive").exists()

    def test_everything_is_in_it_and_a_second_run_writes_nothing(
        self, little: Path, modules: Modules, tmp_path: Path
    ) -> None:
        folder = tmp_path / "archive"
        run = archive(modules, little, folder, report_dir=str(tmp_path / "report"))
        assert (run.result["losses"], run.result["differences"]) == (0, 0)
        assert run.writes == []
        about = json.loads((folder / "archive.json").read_text())
        assert (about["format"], about["version"]) == ("mlops.sagemaker_mlflow archive", 1)
        assert about["counts"]["run"] == rows(little, "SELECT COUNT(*) FROM runs")
        assert about["counts"]["logged_model"] == rows(little, "SELECT COUNT(*) FROM logged_models")
        index = entries(folder)
        assert sum(each["points"] for each in index) == rows(little, "SELECT COUNT(*) FROM metrics")
        assert {each["path"] for each in index} == {name for name in content(folder) if name.startswith("records/")}
        verified = json.loads((tmp_path / "report" / "report.json").read_text())["verification"]["counts"]
        assert verified["metric_point"]["unchanged"] == rows(little, "SELECT COUNT(*) FROM metrics")
        assert verified["artifact"]["unchanged"] == sum(each["files"] for each in index)
        before = content(folder)
        again = archive(modules, little, folder)
        assert not again.changed
        assert content(folder) == before
        assert not archive(modules, little, folder, check=True).changed

    def test_only_what_is_new_or_changed_is_written_later(self, source: Path, copy: Path, modules: Modules) -> None:
        with changed(source / "mlflow.db") as connection:
            run_id = connection.execute("SELECT run_uuid FROM runs LIMIT 1").fetchone()[0]
            connection.execute("INSERT INTO tags VALUES ('added', 'later', ?)", [run_id])
            connection.execute("UPDATE registered_models SET description = 'changed' WHERE name = 'prompt-0'")
        before = content(copy)
        run = archive(modules, source, copy)
        counts = run.result["counts"]
        assert (counts["run"]["updated"], counts["run"]["created"]) == (1, 0)
        assert counts["prompt"]["updated"] == 1
        assert run.result["differences"] == 0
        after = content(copy)
        assert len(after) == len(before), "what was replaced is gone"
        assert len(after.keys() - before.keys()) == 3, "two records and the index"
        assert {each["path"] for each in entries(copy)} <= after.keys()

    def test_a_file_that_came_later_is_archived(self, source: Path, copy: Path, modules: Modules) -> None:
        with closing(sqlite3.connect(source / "mlflow.db")) as connection:
            uri = connection.execute("SELECT artifact_uri FROM runs WHERE status = 'FINISHED' LIMIT 1").fetchone()[0]
        folder = source / "artifacts" / uri.removeprefix("mlflow-artifacts:/")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "late.txt").write_text("late")
        run = archive(modules, source, copy)
        assert (run.result["counts"]["run"]["updated"], run.result["counts"]["artifact"]["created"]) == (1, 1)
        assert run.result["differences"] == 0
        (folder / "late.txt").write_text("LATE")
        again = archive(modules, source, copy)
        assert again.result["counts"]["artifact"]["created"] == 1, "of the same size, and written again"
        assert again.result["differences"] == 0
        assert not archive(modules, source, copy).changed

    def test_what_is_gone_from_the_source_stays_in_the_archive(
        self, source: Path, copy: Path, modules: Modules
    ) -> None:
        with changed(source / "mlflow.db") as connection:
            connection.execute("DELETE FROM trace_info")
        before = entries(copy)
        archive(modules, source, copy)
        assert entries(copy) == before

    def test_of_a_filtered_run_the_rest_stays_too(self, source: Path, copy: Path, modules: Modules) -> None:
        with changed(source / "mlflow.db") as connection:
            connection.execute("UPDATE registered_models SET description = 'changed' WHERE name = 'prompt-0'")
        number = len(entries(copy))
        run = archive(modules, source, copy, experiments=["no such experiment"], models=["prompt-0"])
        assert run.result["counts"]["prompt"]["updated"] == 1
        assert len(entries(copy)) == number

    def test_a_server_is_archived_too(self, url: str, self_hosted: Path, modules: Modules, tmp_path: Path) -> None:
        """This is the backup of a server."""
        wish: dict[str, t.Any] = {"source": {"uri": url}, "target": {"uri": f"file://{tmp_path}/archive"}}
        run = modules.run(MODULE, **wish)
        assert (run.result["losses"], run.result["differences"]) == (0, 0)
        index = entries(tmp_path / "archive")
        assert sum(each["points"] for each in index) == rows(self_hosted, "SELECT COUNT(*) FROM metrics")
        assert run.result["traffic"]["source"]["writes"] == 0
        again = modules.run(MODULE, **wish, verify="none")
        assert not again.changed


class KilledError(BaseException):
    """The process is gone: nothing of it handles this."""


@pytest.mark.parametrize("moment", range(10))
def test_a_run_that_was_killed_is_taken_up(
    moment: int, made: Path, little: Path, modules: Modules, tmp_path: Path
) -> None:
    write = places.LocalFolder.write
    written: list[str] = []
    end = random.Random(moment).randrange(1, len(content(made)))

    def write_or_die(self: places.LocalFolder, path: str, size: int, pieces: Iterator[bytes]) -> None:
        written.append(path)
        if len(written) > end:
            raise KilledError
        write(self, path, size, pieces)

    folder = tmp_path / "archive"
    with mock.patch.object(places.LocalFolder, "write", write_or_die), pytest.raises(KilledError):
        archive(modules, little, folder, verify="none")
    assert not (folder / "archive.json").exists(), "half an archive does not look like a whole one"
    first = content(folder)
    run = archive(modules, little, folder)
    assert (run.result["losses"], run.result["differences"]) == (0, 0)
    assert {name: data for name, data in content(folder).items() if name in first} == first
    assert {name for name in content(folder) if name.startswith("records/")} == {
        name for name in content(made) if name.startswith("records/")
    }


def flip(path: Path) -> None:
    """Another byte in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(data))


class TestDamage:
    def restore(self, modules: Modules, folder: Path, tmp_path: Path, **more: t.Any) -> Run:
        """Into another archive, which needs no server."""
        return modules.run(
            MODULE, source={"uri": f"file://{folder}"}, target={"uri": f"file://{tmp_path}/restored"}, **more
        )

    def test_what_is_whole_comes_back_as_it_was(self, copy: Path, modules: Modules, tmp_path: Path) -> None:
        run = self.restore(modules, copy, tmp_path)
        assert run.result["losses"] == 0
        restored = content(tmp_path / "restored")
        assert {name: data for name, data in restored.items() if name != "archive.json"} == {
            name: data for name, data in content(copy).items() if name != "archive.json"
        }

    def test_a_damaged_file_is_told(self, copy: Path, modules: Modules, tmp_path: Path) -> None:
        victim = next(path for path in sorted(copy.rglob("file0.bin")))
        flip(victim)
        run = self.restore(modules, copy, tmp_path, fail_on_loss=False, verify="none")
        told = [each for each in run.result["problems"] if each["kind"] == "artifact"]
        assert told
        assert all("is not what it was when it was archived" in each["what"] for each in told)
        assert "file0.bin" in told[0]["name"]

    def test_a_damaged_record_is_told_and_the_rest_comes_back(
        self, copy: Path, modules: Modules, tmp_path: Path
    ) -> None:
        victim = next(each for each in entries(copy) if each["kind"] == "run" and each["points"])
        flip(copy / victim["path"])
        run = self.restore(modules, copy, tmp_path, fail_on_loss=False, verify="none")
        told = next(each for each in run.result["problems"] if each["kind"] == "run")
        assert told["id"] == victim["id"]
        assert "is damaged" in told["what"] or "is not whole" in told["what"]
        assert len(entries(tmp_path / "restored")) == len(entries(copy)) - 1

    def test_a_missing_record_is_told(self, copy: Path, modules: Modules, tmp_path: Path) -> None:
        victim = next(each for each in entries(copy) if each["kind"] == "trace")
        (copy / victim["path"]).unlink()
        run = self.restore(modules, copy, tmp_path, fail_on_loss=False, verify="none")
        assert [each["id"] for each in run.result["problems"]] == [victim["id"]]
        assert "is missing" in run.result["problems"][0]["what"]

    def test_a_damaged_index_is_refused(self, copy: Path, modules: Modules, tmp_path: Path) -> None:
        flip(next(copy.glob("index.*")))
        target = {"uri": f"file://{tmp_path}/restored"}
        message = modules.fail(MODULE, source={"uri": f"file://{copy}"}, target=target)
        assert "is not what its checksum says" in message

    @pytest.mark.parametrize(
        ("change", "words"),
        [({"version": 2}, "is an archive of version 2"), ({"format": "tar"}, "is no archive of this collection")],
    )
    def test_another_format_is_refused(
        self, change: dict[str, t.Any], words: str, copy: Path, modules: Modules, tmp_path: Path
    ) -> None:
        path = copy / "archive.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
        target = {"uri": f"file://{tmp_path}/restored"}
        assert words in modules.fail(MODULE, source={"uri": f"file://{copy}"}, target=target)

    def test_two_mlflows_do_not_share_an_archive(self, source: Path, copy: Path, modules: Modules) -> None:
        with changed(source / "mlflow.db") as connection:
            connection.execute("UPDATE experiments SET creation_time = creation_time + 1")
        before = content(copy)
        message = modules.fail(MODULE, source=database(source), target={"uri": f"file://{copy}"})
        assert "is an archive of another MLflow" in message
        assert content(copy) == before

    @pytest.mark.parametrize("uri", ["file://", "file:///", "file://host/folder", "s3://", "file:relative"])
    def test_a_uri_that_names_no_archive_is_refused(self, uri: str, little: Path, modules: Modules) -> None:
        message = modules.fail(MODULE, source=database(little), target={"uri": uri}, region="us-east-1")
        assert "names no archive" in message

    def test_nothing_where_an_archive_should_be(self, modules: Modules, tmp_path: Path) -> None:
        target = {"uri": f"file://{tmp_path}/restored"}
        message = modules.fail(MODULE, source={"uri": f"file://{tmp_path}/nothing"}, target=target)
        assert "there is no archive at" in message

    def test_a_database_is_no_target(self, copy: Path, modules: Modules) -> None:
        message = modules.fail(MODULE, source={"uri": f"file://{copy}"}, target={"uri": "sqlite:////tmp/x.db"})
        assert "nobody but its server may write to it" in message


class TestInABucket:
    def test_it_is_the_same_as_in_a_folder(
        self, little: Path, made: Path, managed_modules: Modules, tmp_path: Path
    ) -> None:
        uri = f"s3://{BUCKET}/archives/little"
        run = archive(managed_modules, little, uri)
        assert (run.result["losses"], run.result["differences"]) == (0, 0)
        assert not archive(managed_modules, little, uri, verify="none").changed
        back = {"uri": f"file://{tmp_path}/back"}
        managed_modules.run(MODULE, source={"uri": uri}, target=back, region="us-east-1", verify="none")
        kept = {name: data for name, data in content(made).items() if name != "archive.json"}
        assert {name: data for name, data in content(tmp_path / "back").items() if name != "archive.json"} == kept

    def test_it_comes_back_into_a_server_from_bucket_to_bucket(
        self, little: Path, managed_mlflow: ManagedMlflow, managed_modules: Modules
    ) -> None:
        uri = f"s3://{BUCKET}/archives/whole"
        archive(managed_modules, little, uri, verify="none")
        with new_app(managed_mlflow, "restored") as app:
            wish: dict[str, t.Any] = {"source": {"uri": uri}, "target": {"uri": app.arn}, "region": "us-east-1"}
            run = managed_modules.run(MODULE, **wish)
            assert (run.result["losses"], run.result["differences"]) == (0, 0)
            assert app.differences(little) == []
            again = managed_modules.run(MODULE, **wish, verify="none")
        assert not again.changed
        assert again.result["traffic"]["target"]["writes"] == 0
