"""A cache that is never emptied: its entries stay.

PYMEMTRACE=mode=allocs LD_PRELOAD=libpymemtrace.so python cache.py; pymemtrace-report leaks
"""
cache = {}


def render(page):
    body = bytearray(20000 + page)
    return bytes(body)


def page_of(number):
    if number not in cache:
        cache[number] = render(number)
    return cache[number]


for number in range(1000):
    page_of(number)
