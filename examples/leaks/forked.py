"""A child that keeps what it worked on. Its memory is its own: the leak is in its trace.

pymemtrace-report leaks trace.bin.<pid of the child>
"""
import os

kept = []


def work(number):
    kept.append(bytearray(20000 + number))


pid = os.fork()
if pid == 0:
    for number in range(1000):
        work(number)
    os._exit(0)
os.waitpid(pid, 0)
