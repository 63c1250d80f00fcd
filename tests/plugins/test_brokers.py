"""The broker that tests are given works with the client we use."""

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer


async def test_the_address_leads_to_a_broker_that_keeps_order(bootstrap: str) -> None:
    """Whichever broker it is, records of one key come back in the order they were sent."""
    sent = [b"%d" % number for number in range(50)]
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True)
    await producer.start()
    try:
        for value in sent:
            await producer.send_and_wait("ordered", value, key=b"one")
    finally:
        await producer.stop()
    consumer = AIOKafkaConsumer("ordered", bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        received = [await consumer.getone() for _ in sent]
    finally:
        await consumer.stop()
    assert [record.value for record in received] == sent
