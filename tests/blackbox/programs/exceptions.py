"""Exceptions: through many frames, caught and raised again, from __init__ and descriptors,
in finally and with statements, chained, in callbacks that C code calls."""
import contextlib
import functools


class Custom(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.code = code

    def __str__(self):
        return "code %d" % self.code


def deep(depth):
    if depth == 0:
        raise Custom(depth)
    try:
        return deep(depth - 1)
    except Custom as error:
        if depth % 5 == 0:
            raise Custom(error.code + 1) from error
        raise
    finally:
        note(depth)


def note(value):
    return value


class Failing:
    def __init__(self):
        raise Custom(7)

    @property
    def field(self):
        raise AttributeError("no field")

    def __getattr__(self, name):
        return name.upper()


class Swallows:
    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        return kind is not None and issubclass(kind, Custom)


@contextlib.contextmanager
def managed(log):
    try:
        yield log
    except Custom as error:
        log.append(str(error))
    finally:
        note(log)


def early(values):
    for value in values:
        try:
            if value > 3:
                return value
            if value == 2:
                continue
        finally:
            note(value)
    return None


def compare(a, b):
    if b == 3:
        raise Custom(3)
    return a - b


def in_callbacks():
    for call in (
        lambda: sorted([5, 3, 1], key=functools.cmp_to_key(compare)),
        lambda: list(map(deep, [1])),
        lambda: max([1, 2], key=lambda value: deep(value)),
        lambda: [deep(value) for value in (2,)],
        Failing,
    ):
        try:
            call()
        except Custom:
            note(call)


def main():
    for _ in range(30):
        try:
            deep(20)
        except Custom as error:
            assert error.code == 4 and str(error) == "code 4"
        with Swallows():
            deep(3)
        log = []
        with managed(log):
            deep(1)
        assert log == ["code 0"]
        assert early(range(10)) == 4
        in_callbacks()
        assert Failing.__new__(Failing).field == "FIELD"
