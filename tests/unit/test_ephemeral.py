"""Which hosts' disks vanish with the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.card import strings
from bot.host.ephemeral import FreshDisk, fresh_disk, mount_of

ROOT, VOLUME = Path("/"), Path("/volume")


@pytest.mark.parametrize(
    ("environment", "mount", "disk"),
    [
        ({}, ROOT, None),
        ({"DYNO": ""}, ROOT, None),
        ({"DYNO": "web.1"}, ROOT, FreshDisk("Heroku", has_volumes=False)),
        ({"RENDER": "true"}, ROOT, FreshDisk("Render", has_volumes=True)),
        ({"RENDER": "true"}, VOLUME, None),
        ({"RAILWAY_ENVIRONMENT_ID": "x"}, ROOT, FreshDisk("Railway", has_volumes=True)),
        ({"FLY_APP_NAME": "musicgen"}, ROOT, FreshDisk("Fly", has_volumes=True)),
        ({"FLY_APP_NAME": "musicgen"}, VOLUME, None),
    ],
)
def test_a_disk_that_vanishes(
    environment: dict[str, str], mount: Path, disk: FreshDisk | None
) -> None:
    assert fresh_disk(environment, Path("/volume/data"), lambda _: mount) == disk


def test_the_mount_of_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    assert mount_of(tmp_path / "not" / "yet") == mount_of(tmp_path)
    assert mount_of(Path("/")) == Path("/")


def test_what_is_said_of_it() -> None:
    said = strings.operating.vanishes
    assert said("Fly", with_journal=True, has_volumes=True).endswith(
        "the journal and tracks on their way vanish with it; "
        "set DATABASE_URL to a PostgreSQL or put DATA_FOLDER on a volume"
    )
    assert said("Heroku", with_journal=False, has_volumes=False).endswith("vanish with it")
