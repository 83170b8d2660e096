"""Memory by mmap that nobody unmaps."""
import mmap

maps = []


def grow():
    maps.append(mmap.mmap(-1, 1 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))


for _ in range(20):
    grow()
