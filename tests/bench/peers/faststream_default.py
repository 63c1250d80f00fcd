"""The obvious code: a FastStream subscriber with its defaults, pydantic and httpx. One command at a time.

With BENCH_MAX_WORKERS it runs that many at once: still at most once, and in no order.
"""

import asyncio
import os

from faststream import FastStream
from faststream.kafka import KafkaBroker
import httpx
from pydantic import BaseModel
from tests.bench.peers.job import Job, signed_pay


class Command(BaseModel):
    """The part of a pay command that the gateway needs."""

    charge_code: str
    amount_fen: int
    auth_code: str
    subject: str


class Result(BaseModel):
    """What became of it."""

    charge_code: str
    return_code: str


def application(job: Job, client: httpx.AsyncClient, *, max_workers: int) -> FastStream:
    """Wire the subscriber to its topics."""
    broker = KafkaBroker(job.bootstrap)

    @broker.subscriber(
        job.commands, group_id=job.group, auto_offset_reset="earliest", max_workers=max_workers
    )
    @broker.publisher(job.results)
    async def pay(command: Command) -> Result:
        url, body = signed_pay(job, **command.model_dump())
        response = await client.post(
            url, content=body, headers={"Content-Type": "application/json;charset=UTF-8"}
        )
        code = response.json()["ORDER_RESP"]["RESULT"]["CODE"]
        return Result(charge_code=command.charge_code, return_code=code)

    return FastStream(broker)


async def main() -> None:
    """Run until SIGTERM."""
    async with httpx.AsyncClient(timeout=90) as client:
        workers = int(os.environ.get("BENCH_MAX_WORKERS", "1"))
        await application(Job.from_environment(), client, max_workers=workers).run()


if __name__ == "__main__":
    asyncio.run(main())
