"""What the engine needs of the service that runs the model (one of `bot.engine.ports`)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.domain.inputs import Inputs
from bot.domain.prediction import Prediction, UploadedFile, Webhook


class Predictions(Protocol):
    """The prediction service. Methods raise `ReplicateError`; `download` raises `TrackError`."""

    members: int
    """Processes that share its budget of requests."""
    finds_all: bool
    """Whether `find` knows at once of all that may have started; a list may show it late."""

    async def create(
        self, version: str, inputs: Inputs, cancel_after_s: int, webhook: Webhook | None = None
    ) -> Prediction:
        """Start a prediction; it costs money and is never sent again once it may have arrived."""
        ...

    async def get(self, prediction_id: str) -> Prediction:
        """Ask how a prediction stands."""
        ...

    async def cancel(self, prediction_id: str) -> Prediction:
        """Stop one; answers what became of it."""
        ...

    async def find(
        self, version: str, inputs: Inputs, created_after: datetime
    ) -> Sequence[Prediction]:
        """Those of ours with this version and just these inputs, newest first."""
        ...

    def pages(self, created_after: datetime) -> AsyncGenerator[Sequence[Prediction], None]:
        """All of the account created since, newest first; each page costs a request."""
        ...

    async def upload(self, path: Path, filename: str, content_type: str) -> UploadedFile:
        """Keep a file where the model can read it."""
        ...

    async def download(
        self, url: str, target: Path, limit_bytes: int, news: Callable[[], None]
    ) -> object:
        """Fetch an output into the file `target`, which appears only when it is whole.

        What a broken off download leaves beside it is gone on from. `news` is called whenever
        something has arrived, and whenever a try has failed.
        """
        ...

    async def discard_part(self, target: Path) -> None:
        """Remove what a download that was broken off has left beside `target`."""
        ...
