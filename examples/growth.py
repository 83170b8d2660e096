"""A small service whose memory grows, for three different reasons.

    python growth.py

It answers requests for documents for a second or two and stays the same from run to run.
Three of its parts do something to memory that a tracer should be able to tell apart:

- `Cache.put` keeps every answer and never evicts one: growth without end.
- `parse` builds many short-lived objects: much allocated, nothing kept.
- `load_index` reads one large buffer and keeps it: a step at the start, then nothing.
"""
import json

DOCUMENTS = 400
REQUESTS = 6000
INDEX_BYTES = 24 * 1024 * 1024


class Cache:
    """Answers by request. Its fault: the request's serial number is part of the key."""

    def __init__(self):
        self.answers = {}

    def get(self, key):
        return self.answers.get(key)

    def put(self, key, answer):
        self.answers[key] = answer


def load_index():
    """One large buffer, kept for as long as the service runs."""
    index = bytearray(INDEX_BYTES)
    for offset in range(0, INDEX_BYTES, 4096):
        index[offset] = offset // 4096 % 251
    return index


def make_document(number):
    """A document as it would come from disk: JSON text of some 15 KB."""
    rows = [
        {"id": number * 1000 + i, "name": "row %d" % i, "tags": ["a", "b", str(i % 7)]}
        for i in range(200)
    ]
    return json.dumps({"number": number, "rows": rows})


def parse(text):
    """Tokens, rows and totals: all garbage by the time the answer is there."""
    document = json.loads(text)
    totals = {}
    for row in document["rows"]:
        words = [word.upper() for word in row["name"].split()]
        for tag in row["tags"]:
            totals[tag] = totals.get(tag, 0) + len(" ".join(words))
    return totals


def render(totals, index, number):
    lines = ["%s: %d" % (tag, total) for tag, total in sorted(totals.items())]
    lines.append("checksum %d" % index[number * 4096 % INDEX_BYTES])
    return "\n".join(lines).center(8 * 1024)


def handle(request, documents, cache, index):
    number = request * 17 % DOCUMENTS
    key = (request, number)
    answer = cache.get(key)
    if answer is None:
        answer = render(parse(documents[number]), index, number)
        cache.put(key, answer)
    return len(answer)


def main():
    index = load_index()
    documents = [make_document(number) for number in range(DOCUMENTS)]
    cache = Cache()
    sent = sum(handle(request, documents, cache, index) for request in range(REQUESTS))
    print("%d requests, %d bytes sent, %d answers kept" % (REQUESTS, sent, len(cache.answers)))


if __name__ == "__main__":
    main()
