"""The fast and forgetful one: bare aiokafka and aiohttp, 400 calls at once, auto-commit, nothing durable."""

import asyncio
import json
import signal

from aiohttp import ClientSession, ClientTimeout, TCPConnector
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from tests.bench.peers.job import Job, signed_pay
import uvloop

IN_FLIGHT = 400  # at 50 ms a call that is 8 000 a second: more than it reaches, so never its limit


class Peer:
    """Reads, calls and answers; a record is committed whether its call ended or not."""

    def __init__(self, job: Job, session: ClientSession, producer: AIOKafkaProducer) -> None:
        self._job = job
        self._session = session
        self._producer = producer
        self._room = asyncio.Semaphore(IN_FLIGHT)
        self._calls: set[asyncio.Task[None]] = set()

    async def run(self, consumer: AIOKafkaConsumer) -> None:
        """Start a call for each record as soon as there is room."""
        while True:
            for records in (await consumer.getmany(timeout_ms=1000, max_records=IN_FLIGHT)).values():
                for record in records:
                    await self._room.acquire()
                    call = asyncio.create_task(self._pay(record))
                    self._calls.add(call)
                    call.add_done_callback(self._ended)

    def _ended(self, call: asyncio.Task[None]) -> None:
        self._calls.discard(call)
        self._room.release()
        call.result()

    async def _pay(self, record: ConsumerRecord) -> None:
        command = json.loads(record.value)
        fields = {name: command[name] for name in ("charge_code", "amount_fen", "auth_code", "subject")}
        url, body = signed_pay(self._job, **fields)
        async with self._session.post(url, data=body, headers={"Content-Type": "application/json"}) as answer:
            reply = json.loads(await answer.read())
        result = {"charge_code": command["charge_code"], "return_code": reply["ORDER_RESP"]["RESULT"]["CODE"]}
        await self._producer.send(self._job.results, json.dumps(result).encode(), key=record.key)


async def main() -> None:
    """Run until SIGTERM."""
    job = Job.from_environment()
    consumer = AIOKafkaConsumer(
        job.commands, bootstrap_servers=job.bootstrap, group_id=job.group, auto_offset_reset="earliest"
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=job.bootstrap, enable_idempotence=True, max_batch_size=131072, linger_ms=2
    )
    connector = TCPConnector(limit=IN_FLIGHT)
    async with consumer, producer, ClientSession(connector=connector, timeout=ClientTimeout(90)) as session:
        running = asyncio.create_task(Peer(job, session, producer).run(consumer))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
        await asyncio.wait([running])


if __name__ == "__main__":
    uvloop.run(main())
