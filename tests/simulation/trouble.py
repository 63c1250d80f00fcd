"""When processes are killed and frozen, and the ledger, the gateway or the brokers cannot be reached."""

from contextvars import Context
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.simulation.loop import PROCESS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.world import World

MOST_STEPS = 12
"""A process is killed within so many steps of a moment: anywhere in what it does then."""


def schedule_trouble(world: "World") -> None:
    """Draw what goes wrong when, until the faults stop."""
    chance = world.chance
    plan: list[tuple[int, Callable[[World], None]]] = [
        (chance.crashes, _crash),
        (chance.freezes, _freeze),
        (chance.stops, _stop),
        (chance.rebalances, _divide),
        (chance.outages, _lose_ledger),
        (chance.outages, _lose_gateway),
        (chance.outages, _lose_brokers),
        (chance.clock_moves, _move_ledger_clock),
    ]
    for times, strike in plan:
        for _ in range(times):
            world.loop.call_later(chance.seconds(0.0, chance.faulty_seconds), strike, world)


def _crash(world: "World") -> None:
    place = world.chance.random.choice(world.house.places)
    world.house.kill(place, after_steps=world.chance.random.randint(0, MOST_STEPS))


def strike_sender(world: "World") -> None:
    """Kill the process that is sending at this moment, or let it stand still for longer than it may."""
    process, draw = PROCESS.get(), world.chance.random
    place = next(one for one in world.house.places if one.process is process)
    if draw.random() < 0.5:
        world.house.kill(place, after_steps=draw.randint(0, MOST_STEPS))
    else:
        after = world.chance.seconds(0.0, 2.0)
        world.loop.call_later(
            after, world.house.freeze, place, world.chance.seconds(5.0, 20.0), context=Context()
        )


def _freeze(world: "World") -> None:
    place = world.chance.random.choice(world.house.places)
    world.house.freeze(place, world.chance.seconds(0.5, 20.0))


def _stop(world: "World") -> None:
    world.house.stop(world.chance.random.choice(world.house.places))


def _divide(world: "World") -> None:
    for topic in world.topics.values():
        topic.divide(turned=True)


def _lose_ledger(world: "World") -> None:
    world.note("the ledger is away")
    world.weather.away = True
    world.loop.call_later(world.chance.seconds(0.5, 12.0), _find, world)


def _move_ledger_clock(world: "World") -> None:
    seconds = world.chance.random.choice((-30.0, 7.0, 60.0, 1800.0))
    world.note(f"the ledger's clock is moved by {seconds} s")
    world.clock_off += timedelta(seconds=seconds)


def _lose_gateway(world: "World") -> None:
    world.note("the gateway is away")
    world.gateway.out = True
    world.loop.call_later(world.chance.seconds(0.5, 12.0), _find, world)


def _lose_brokers(world: "World") -> None:
    world.note("the brokers refuse")
    world.around.events.refusing = world.chance.random.choice((1, 2, 5))
    world.around.events.room = world.chance.random.choice((0, 1, 3, float("inf")))
    world.loop.call_later(world.chance.seconds(0.5, 12.0), _find, world)


def _find(world: "World") -> None:
    world.note("everything can be reached")
    world.weather.away = world.gateway.out = False
    world.around.events.room, world.around.events.refusing = float("inf"), 0
