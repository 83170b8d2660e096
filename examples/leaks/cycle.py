"""A cycle that no collector looks at: gc was turned off, and each node holds itself."""
import gc

gc.disable()


class Node:
    def __init__(self, size):
        self.load = bytearray(size)
        self.me = self


def build(count):
    for _ in range(count):
        Node(50000)


build(300)
