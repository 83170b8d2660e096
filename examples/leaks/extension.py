"""A leak in C: the report names the Python line that called it.

cc -shared -fPIC -o libleaky.so extension.c; python extension.py ./libleaky.so
"""
import ctypes
import sys

leaky = ctypes.CDLL(sys.argv[1])


def add_up():
    return leaky.leaky_sum(100)


for _ in range(100):
    add_up()
