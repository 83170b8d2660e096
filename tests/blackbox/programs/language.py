"""What else makes a Python call: class bodies, decorators, comprehensions, descriptors,
metaclasses, operators, context managers, lambdas, exec and eval, imports, callbacks from C."""
import collections
import contextlib
import dataclasses
import enum
import functools
import operator


def decorator(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


def parametrised(factor):
    def decorate(function):
        return lambda *args: factor * function(*args)

    return decorate


class Meta(type):
    def __new__(mcs, name, bases, namespace, **keywords):
        return super().__new__(mcs, name, bases, dict(namespace, tag=keywords.get("tag")))

    def __call__(cls, *args):
        return super().__call__(*args)

    def __prepare__(name, bases, **keywords):
        return {}

    __prepare__ = classmethod(lambda cls, name, bases, **keywords: {})


class Vector(metaclass=Meta, tag="v"):
    def __init__(self, *values):
        self.values = values

    def __add__(self, other):
        return Vector(*map(operator.add, self.values, other.values))

    def __eq__(self, other):
        return self.values == other.values

    def __hash__(self):
        return hash(self.values)

    def __len__(self):
        return len(self.values)

    def __getitem__(self, index):
        return self.values[index]

    def __repr__(self):
        return "Vector%r" % (self.values,)

    @property
    def length(self):
        return sum(x * x for x in self) ** 0.5

    @staticmethod
    def zero(n):
        return Vector(*[0 for _ in range(n)])

    @classmethod
    def unit(cls, n, i):
        return cls(*[int(j == i) for j in range(n)])


class Typed:
    def __set_name__(self, owner, name):
        self.name = "_" + name

    def __get__(self, instance, owner):
        return getattr(instance, self.name, 0)

    def __set__(self, instance, value):
        setattr(instance, self.name, value)


@decorator
def plain(a, b=2, *rest, c=3, **more):
    return a + b + c + len(rest) + len(more)


@parametrised(10)
@decorator
def scaled(x):
    return x + 1


@functools.lru_cache(maxsize=None)
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


class Manager(contextlib.ContextDecorator):
    def __enter__(self):
        return self

    def __exit__(self, *details):
        return False


@Manager()
def managed(x):
    return x


def classes_in_functions(i):
    class Local:
        field = Typed()
        numbers = [n * i for n in range(3)]

        class Inner:
            pass

    local = Local()
    local.field = i
    return local.field + sum(local.numbers)


def modern():
    @dataclasses.dataclass(order=True)
    class Point:
        x: int
        y: int = 0
        tags: list = dataclasses.field(default_factory=lambda: [1])

    class Colour(enum.Enum):
        RED = 1
        BLUE = enum.auto()

    Pair = collections.namedtuple("Pair", "left right")
    assert sorted([Point(2), Point(1)])[0] == Point(1)
    assert Colour(2) is Colour.BLUE
    assert Pair(1, 2)._replace(left=3).left == 3


def comprehensions(n):
    nested = [[i * j for j in range(i)] for i in range(n)]
    table = {i: {j for j in range(i)} for i in range(n)}
    return sum(sum(row) for row in nested) + len(table)


def dynamic(n):
    namespace = {}
    exec("def made(x):\n    return x + 1\n", namespace)
    return sum(namespace["made"](i) + eval("(lambda v: v)(%d)" % i) for i in range(n))


class Removed:
    def __del__(self):
        fibonacci(3)


def main():
    for i in range(40):
        assert plain(1, c=4, d=5) == 8 and scaled(1) == 20
        assert (Vector(1, 2) + Vector.unit(2, 0))[0] == 2
        assert Vector.zero(3).length == 0 and len(Vector(1)) == 1
        assert {Vector(1): repr(Vector(1))}[Vector(1)] == "Vector(1,)"
        assert fibonacci(i) >= 0 and managed(i) == i
        classes_in_functions(i)
        comprehensions(6)
        dynamic(3)
        sorted([3, 1, 2], key=lambda value: -value)
        Removed()
    for _ in range(3):
        modern()
