"""Many blocks live at once, 200,000, of which any may be the next to be replaced: sizes from 40
bytes to 4 KiB, made by functions at many depths. The argument is how many are replaced
(5000000). Run it with PYTHONMALLOC=malloc, so that each is a malloc and a free."""
import sys

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 5000000
LIVE = 200000
STEP = 76543  # has no factor in common with LIVE: comes by each place


def small(i):
    return bytes(40 + i % 13 * 24)


def medium(i):
    if i % 3:
        return bytes(600 + i % 7 * 40)
    return bytes(1500)


def large(i):
    return bytes(4000)


def deeper(i, depth):
    if depth:
        return deeper(i, depth - 1)
    return small(i) if i % 8 else medium(i)


def make(i):
    if i % 64 == 0:
        return large(i)
    return small(i) if i % 2 else deeper(i, i % 23)


# Made before: an integer is a block too.
order = [i * STEP % LIVE for i in range(LIVE)]
live = [None] * LIVE
for _ in range(ROUNDS // LIVE):
    for at in order:
        live[at] = make(at)
