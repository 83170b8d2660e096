"""Generators in all their ways: next, send, throw, close, yield from, closing by the last
reference, exceptions through a chain, a generator that ignores its end."""
import itertools


def count(n):
    total = 0
    for i in range(n):
        total += (yield i) or 0
    return total


def chain(n, depth):
    if depth:
        return (yield from chain(n, depth - 1))
    return (yield from count(n))


def catching():
    caught = []
    while True:
        try:
            yield len(caught)
        except KeyError as error:
            caught.append(error.args[0])
        except GeneratorExit:
            caught.append("closed")
            raise
        finally:
            helper(caught)


def helper(values):
    return len(values)


def delegating():
    try:
        yield from catching()
    except ValueError:
        yield "outer"
    finally:
        helper(())


def stubborn():
    try:
        yield 1
    except GeneratorExit:
        yield 2


def flatten(tree):
    if isinstance(tree, tuple):
        for each in tree:
            yield from flatten(each)
    else:
        yield tree


class Tree:
    def __init__(self, depth):
        self.value = depth
        self.children = [Tree(depth - 1), Tree(depth - 1)] if depth else []

    def __iter__(self):
        for child in self.children:
            yield from child
        yield self.value


def use_send():
    generator = chain(30, 5)
    assert next(generator) == 0
    try:
        for i in itertools.count(1):
            generator.send(i)
    except StopIteration as stop:
        assert stop.value == sum(range(1, 31))


def use_throw():
    for make in (catching, delegating):
        generator = make()
        next(generator)
        for i in range(10):
            assert generator.throw(KeyError(i)) == i + 1
        generator.close()
        generator.close()
    generator = delegating()
    next(generator)
    assert generator.throw(ValueError()) == "outer"
    generator.close()
    fresh = catching()
    try:
        fresh.throw(IndexError("before the start"))
    except IndexError:
        pass
    fresh = count(3)
    fresh.close()


def use_stubborn():
    generator = stubborn()
    next(generator)
    try:
        generator.close()
    except RuntimeError:
        pass


def use_last_reference():
    # Without a variable: up to 3.10 sys.setprofile's copy of the locals would hold on to
    # its value, and the end of the generator would be seen later, or not at all.
    for depth in range(5):
        next(chain(10, depth))


def use_expressions():
    assert sum(x * x for x in range(50) if x % 2) == 20825
    assert list(flatten((1, (2, (3, (4,)), 5), ((6,),)))) == [1, 2, 3, 4, 5, 6]
    assert sum(Tree(6)) == 120
    pairs = zip(count(5), (letter for letter in "abcde"))
    assert dict(pairs)[4] == "e"


def main():
    for _ in range(20):
        use_send()
        use_throw()
        use_stubborn()
        use_last_reference()
        use_expressions()
