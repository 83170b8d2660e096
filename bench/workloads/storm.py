"""Nothing but allocations, at a depth of Python calls that is the argument (25): objects of
seven sizes in a ring, and tuples of new integers in lists; the second argument is how many of
each (400000). Run it with PYTHONMALLOC=malloc, so that each is a malloc and a free."""
import sys

DEPTH = int(sys.argv[1]) if len(sys.argv) > 1 else 25
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 400000


def ring(rounds):
    live = [None] * 64
    for i in range(rounds):
        live[i & 63] = bytes(40 + i % 7 * 24)


def lists(rounds):
    for _ in range(rounds // 1000):
        [(j, j) for j in range(1000, 2000)]


def descend(depth):
    if depth:
        return descend(depth - 1)
    ring(ROUNDS)
    return lists(ROUNDS)


descend(DEPTH - 2)
