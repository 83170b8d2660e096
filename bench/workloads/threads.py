"""Threads of Python, the argument how many (8), that allocate by turns under the GIL and give every
tenth block to the next one, which frees it. The second argument is how many blocks they make
together (4000000). Run it with PYTHONMALLOC=malloc, so that each is a malloc and a free."""
import sys
import threading

THREADS = int(sys.argv[1]) if len(sys.argv) > 1 else 8
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 4000000
RING = 2000

handed = [[None] * 64 for _ in range(THREADS)]


def make(i):
    return bytes(40 + i % 17 * 24)


def deeper(i, depth):
    return deeper(i, depth - 1) if depth else make(i)


def work(number):
    ring = [None] * RING
    mine = handed[(number + 1) % THREADS]
    for _ in range(ROUNDS // THREADS // RING):
        for i in range(RING):
            if i % 10 == 0:
                mine[i // 10 % 64] = make(i)
            ring[i] = deeper(i, number + i % 5)


threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
