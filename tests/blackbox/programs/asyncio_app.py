"""asyncio without real waiting: tasks, queues, locks, events, cancellation, timeouts that
do not pass, async generators and context managers, exceptions through gather."""
import asyncio
import contextlib


async def ticks(count):
    for i in range(count):
        await asyncio.sleep(0)
        yield i


@contextlib.asynccontextmanager
async def opened(log):
    log.append("open")
    try:
        yield log
    finally:
        await asyncio.sleep(0)
        log.append("close")


async def producer(queue, count):
    async for i in ticks(count):
        await queue.put(i)
    await queue.put(None)


async def consumer(queue, lock, seen):
    while True:
        item = await queue.get()
        if item is None:
            return len(seen)
        async with lock:
            seen.append(item)
            await asyncio.sleep(0)


async def failing(depth):
    if depth:
        return await failing(depth - 1)
    await asyncio.sleep(0)
    raise LookupError("on purpose")


async def cancelled(started):
    try:
        started.set()
        await asyncio.get_running_loop().create_future()
    except asyncio.CancelledError:
        await asyncio.sleep(0)
        raise


async def everything():
    queue, lock, seen = asyncio.Queue(3), asyncio.Lock(), []
    async with opened([]):
        done = await asyncio.gather(producer(queue, 60), consumer(queue, lock, seen))
    assert done[1] == 60 and seen == list(range(60))

    results = await asyncio.gather(*map(failing, range(20)), return_exceptions=True)
    assert all(isinstance(each, LookupError) for each in results)

    started = asyncio.Event()
    task = asyncio.ensure_future(cancelled(started))
    await started.wait()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()
    assert await asyncio.wait_for(sum_of(ticks(10)), 1000) == 45
    unfinished = ticks(100)
    assert await unfinished.__anext__() == 0
    await unfinished.aclose()


async def sum_of(numbers):
    return sum([each async for each in numbers])


def main():
    asyncio.run(everything())
