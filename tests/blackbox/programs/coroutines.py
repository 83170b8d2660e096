"""Coroutines and async generators driven by hand, without an event loop."""
import sys
import types


@types.coroutine
def pause(value):
    return (yield value)


async def nested(depth):
    if depth:
        return 1 + await nested(depth - 1)
    return await pause("bottom")


class Awaitable:
    def __init__(self, count):
        self.count = count

    def __await__(self):
        for i in range(self.count):
            yield i
        return "done"


class Resource:
    async def __aenter__(self):
        await pause("enter")
        return self

    async def __aexit__(self, kind, error, traceback):
        await pause("exit")
        return kind is KeyError


async def counter(n):
    try:
        for i in range(n):
            await pause(("tick", i))
            yield i
    finally:
        await pause("cleanup")


async def guarded(fails):
    async with Resource():
        await Awaitable(2)
        if fails:
            raise KeyError("swallowed")
    return [i async for i in counter(4) if i % 2 == 0]


def drive(coroutine, send=None):
    seen = []
    try:
        seen.append(coroutine.send(None))
        while True:
            seen.append(coroutine.send(send))
    except StopIteration as stop:
        return seen, stop.value


def drive_throwing():
    coroutine = nested(5)
    coroutine.send(None)
    try:
        coroutine.throw(ZeroDivisionError("from outside"))
    except ZeroDivisionError:
        pass
    coroutine = guarded(False)
    coroutine.send(None)
    coroutine.close()


async def sending():
    generator = echo()
    await generator.asend(None)
    values = [await generator.asend(i) for i in range(5)]
    try:
        await generator.athrow(ValueError("in"))
    except ValueError:
        values.append("out")
    await generator.aclose()
    return values


async def echo():
    value = None
    while True:
        value = yield value


def main():
    old = sys.get_asyncgen_hooks()
    for _ in range(20):
        assert drive(nested(10), 7)[1] == 17
        assert drive(guarded(False))[1] == [0, 2]
        assert drive(guarded(True))[1] == [0, 2]
        assert drive(sending())[1] == [0, 1, 2, 3, 4, "out"]
        drive_throwing()
    assert sys.get_asyncgen_hooks() == old
