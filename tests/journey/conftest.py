from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.journey.rig import Rig, a_rig


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncGenerator[Rig, None]:
    """The bot between the stand-ins, everything as it comes."""
    async with a_rig(tmp_path) as rig:
        yield rig
