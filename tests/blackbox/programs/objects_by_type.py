"""Makes and keeps known numbers of objects, and says what the interpreter itself finds."""
import gc
import json
import sys
import threading


class Plain:
    def __init__(self, n):
        self.n = n


class Slots:
    __slots__ = ("a", "b")


class Dict(dict):
    pass


class List(list):
    pass


class Tuple(tuple):
    pass


class Node:
    pass


class Threaded:
    __slots__ = ("__weakref__",)


class Outer:
    class Inner:
        __slots__ = ()


def cycles(count):
    for _ in range(count):
        a, b = Node(), Node()
        a.other, b.other = b, a


def in_threads():
    kept = []

    def work():
        kept.extend([Threaded() for _ in range(250)])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return kept


def named(i):
    """A type that dies; the next one often gets its address."""
    made = type("Dying%d" % (i % 40), (), {"__slots__": ()})
    return [made() for _ in range(i % 40 + 1)]


gc.disable()
kept = [
    [Plain(i) for i in range(1000)],
    [Slots() for _ in range(700)],
    [Dict() for _ in range(30)],
    [List() for _ in range(40)],
    [Tuple((1, 2, 3)) for _ in range(50)],
    [Outer.Inner() for _ in range(60)],
    in_threads(),
]
for objects in [Slots() for _ in range(300)], [Tuple(range(i)) for i in range(100)]:
    del objects[:]
cycles(300)
gc.collect()
for i in range(400):
    named(i)
    gc.collect(0)
gc.collect()
found = {}
for each in kept:
    name = type(each[0]).__qualname__
    found[name] = [len(each), sum(map(sys.getsizeof, each))]
    assert name in ("Slots", "Inner") or len(each) == sum(
        type(other) is type(each[0]) for other in gc.get_objects() if gc.is_tracked(other)
    ) or not gc.is_tracked(each[0]), name
print(json.dumps(found), flush=True)
if len(sys.argv) > 1:
    sys.stdin.read()
