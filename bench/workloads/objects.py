"""Small objects made and dropped in a few functions: allocation, few calls."""


def make(n):
    return [(i, str(i), [i]) for i in range(n)]


def keep_half(rows):
    return {key: value for key, value, _ in rows if key % 2}


for _ in range(12):
    keep_half(make(40000))
