"""Recursion: deep, mutual, by C code in between, doubly recursive."""
import functools


def down(n):
    return 0 if n == 0 else 1 + down(n - 1)


def even(n):
    return True if n == 0 else odd(n - 1)


def odd(n):
    return False if n == 0 else even(n - 1)


def ackermann(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


def through_c(n):
    return n if n == 0 else functools.reduce(lambda a, b: through_c(b), [0, n - 1])


def hanoi(n, a, b, c):
    if n:
        hanoi(n - 1, a, c, b)
        c.append(a.pop())
        hanoi(n - 1, b, a, c)


class Node:
    def __init__(self, depth):
        self.next = Node(depth - 1) if depth else None

    def __eq__(self, other):
        return self.next == other.next

    def __del__(self):
        self.next = None


def main():
    for _ in range(20):
        assert down(600) == 600
        assert even(500)
    assert ackermann(2, 6) == 15
    assert through_c(100) == 0
    tower = list(range(10))[::-1]
    target = []
    hanoi(10, tower, [], target)
    assert target == list(range(10))[::-1]
    assert Node(100) == Node(100)
