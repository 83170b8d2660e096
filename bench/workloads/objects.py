"""Small objects made and dropped in a few functions: allocation, few calls. The argument is how
many rounds (12)."""
import sys

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 12


def make(n):
    return [(i, str(i), [i]) for i in range(n)]


def keep_half(rows):
    return {key: value for key, value, _ in rows if key % 2}


for _ in range(ROUNDS):
    keep_half(make(40000))
