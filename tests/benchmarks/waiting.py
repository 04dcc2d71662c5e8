"""The official client waiting for the same predictions, at its default interval. The yardstick."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime

import httpx
from aiolimiter import AsyncLimiter
from replicate.client import Client
from replicate.exceptions import ReplicateError

BURST, PERIOD_S = 180, 30.0
"""The bot's own pace of creates: the client has none, and does not try a create again."""


async def main() -> None:
    """Create so many predictions, wait for each, and print the seconds from its end to ours.

    Whose wait ends in an error has no line.
    """
    version, count = sys.argv[1], int(sys.argv[2])
    client = Client(
        api_token=os.environ["REPLICATE_API_TOKEN"],
        base_url=os.environ["REPLICATE_BASE_URL"],
        # Its own way, but for one thing: from some 340 waits on it would give up on its own pool.
        timeout=httpx.Timeout(30.0, pool=None),
    )
    pace = AsyncLimiter(BURST, PERIOD_S)

    async def one(number: int) -> None:
        async with pace:
            prediction = await client.predictions.async_create(
                version=version, input={"prompt": f"take {number}", "duration": 1}
            )
        await prediction.async_wait()
        ended_at = datetime.fromisoformat(prediction.completed_at or "")
        lag_s = (datetime.now(UTC) - ended_at).total_seconds()
        sys.stdout.write(f"{lag_s:.4f}\n")
        sys.stdout.flush()

    waits = await asyncio.gather(*(one(number) for number in range(count)), return_exceptions=True)
    for error in waits:
        if error is not None and not isinstance(error, ReplicateError | httpx.HTTPError):
            raise error


if __name__ == "__main__":
    asyncio.run(main())
