"""The official client waiting for the same predictions, at its default interval. The yardstick."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime

from replicate.client import Client


async def main() -> None:
    """Create so many predictions, wait for all, and print the seconds from their end to ours."""
    version, count = sys.argv[1], int(sys.argv[2])
    client = Client(
        api_token=os.environ["REPLICATE_API_TOKEN"], base_url=os.environ["REPLICATE_BASE_URL"]
    )

    async def one(number: int) -> float:
        prediction = await client.predictions.async_create(
            version=version, input={"prompt": f"take {number}", "duration": 1}
        )
        await prediction.async_wait()
        ended_at = datetime.fromisoformat(prediction.completed_at or "")
        return (datetime.now(UTC) - ended_at).total_seconds()

    lags_s = await asyncio.gather(*(one(number) for number in range(count)))
    sys.stdout.write("\n".join(f"{lag_s:.4f}" for lag_s in lags_s))


asyncio.run(main())
