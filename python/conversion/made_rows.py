"""Rows made up beside the input example: what an example rarely holds, and where converted models go wrong unseen.

Deterministic: the same model and example give the same rows.
"""

import math
import random
import re

import numpy

SEED = 20240229
EXAMPLE_ROWS = 500
#: Of all columns together; a wide table gets fewer rows.
CELLS = 300_000
MOST_ROWS = 3000
BOUNDARIES = 24
MIXED = 120
#: Numbers far beyond the example; where several values are mixed in a row there are none of them.
EXTREME = ("a large value", "an infinite value", "an integer beyond 2^24", "an integer beyond 2^53")
DATES = ("1970-01-01", "2024-02-29", "1899-12-31", "9999-12-31")
DATE = re.compile(r"\d{4}-\d\d-\d\d")


def make_rows(columns, thresholds, texts, extremes=True):
    """
    (kind of row, row) pairs: first those of the example, then the made ones.

    `thresholds` are the boundaries of the graph's splits by the index of the column, `texts` the texts that the graph knows. A row is a list
    with a value for each column. Without `extremes` no numbers far beyond the example are made. The second result says how many made rows were left out because the table is wide.
    """
    chance = random.Random(SEED)
    count = min((len(column.values) for column in columns), default=0)
    example = [[column.values[row] for column in columns] for row in range(count)][:EXAMPLE_ROWS]
    bases = example or [[neutral(column) for column in columns]]
    pools = [pool(column, thresholds.get(index, []), texts, chance) for index, column in enumerate(columns)]
    if not extremes:
        pools = [[(kind, value) for kind, value in values if kind not in EXTREME] for values in pools]
    first, rest = [], []
    turn = 0
    for index, values in enumerate(pools):
        for kind, value in values:
            row = list(bases[turn % len(bases)])
            row[index] = value
            turn += 1
            (first if kind == "a missing value" else rest).append((f"{kind} in {columns[index].name}", row))
    gaps = [(index, value) for index, values in enumerate(pools) for kind, value in values if kind == "a missing value"]
    mixed = []
    if gaps:
        blank = list(bases[0])
        for index, value in gaps:
            blank[index] = value
        first.insert(0, ("all values missing", blank))
        mixed = [("several missing values", spoilt(bases[turn % len(bases)], gaps, chance)) for turn in range(min(MIXED, 20 + 3 * len(bases)))]
    calm = [[value for kind, value in values if kind not in EXTREME] for values in pools]
    for turn in range(MIXED):
        mixed.append(("made values in several columns", [chance.choice(calm[index] + [bases[turn % len(bases)][index]]) if chance.random() < 0.5 else chance.choice(bases)[index] for index in range(len(columns))]))
    room = max(50, min(MOST_ROWS, CELLS // max(1, len(columns))))
    chance.shuffle(rest)
    made = (mixed + first + rest)[:room] if len(mixed) + len(first) + len(rest) > room else first + rest + mixed
    return [("the example", row) for row in example] + made, len(mixed) + len(first) + len(rest) - len(made)


def neutral(column):
    return {"text": "", "boolean": False, "integer": 0}.get(column.kind, 0.0)


def spoilt(row, gaps, chance):
    row = list(row)
    for index, value in gaps:
        if chance.random() < 0.3:
            row[index] = value
    return row


def pool(column, thresholds, texts, chance):
    """(kind, value) pairs that are tried in this column."""
    if column.kind == "boolean":
        return [("another value", value) for value in (False, True)]
    if column.kind == "text":
        return texts_of(column, texts, chance)
    numbers = [value for value in column.values if value is not None and math.isfinite(value)]
    low, high = (min(numbers), max(numbers)) if numbers else (0, 1)
    size = max(abs(low), abs(high), 1)
    bounds = sorted(set(thresholds))
    bounds = sorted(chance.sample(bounds, BOUNDARIES)) if len(bounds) > BOUNDARIES else bounds
    if column.kind == "integer":
        pairs = [("zero", 0), ("an unseen value", 1), ("an unseen value", -1), ("an unseen value", low - 1), ("an unseen value", high + 1), ("an integer beyond 2^24", 2**24 + 1), ("an integer beyond 2^24", -(2**24) - 1)]
        pairs.append(("an integer beyond 2^53", 2**53 + 1) if column.dtype == "int64" else ("a large value", 2**31 - 1))
        pairs += [("a boundary", int(value)) for bound in bounds if abs(bound) < 2**31 - 1 for value in (math.floor(bound), math.floor(bound) + 1)]
    else:
        span = max(high - low, 1)
        values = [("zero", 0.0), ("an unseen value", 1.0), ("an unseen value", -1.0), ("an unseen value", low - span), ("an unseen value", high + span), ("an unseen value", (low + high) / 2)]
        values += [("a small value", 1e-30), ("a large value", 1000 * size), ("a large value", -1000 * size), ("an infinite value", math.inf), ("an infinite value", -math.inf)]
        pairs = [("a missing value", math.nan)] + [(kind, float(numpy.float32(value))) for kind, value in values]
        for bound in numpy.array(bounds, dtype=numpy.float32):
            pairs += [("a boundary", float(value)) for value in (numpy.nextafter(bound, numpy.float32(-math.inf)), bound, numpy.nextafter(bound, numpy.float32(math.inf)))]
    return list(dict(((kind if kind == "a missing value" else "", repr(value)), (kind, value)) for kind, value in pairs).values())


def texts_of(column, texts, chance):
    seen = list(dict.fromkeys(value for value in column.values if isinstance(value, str)))
    known = [text for text in texts if text not in seen]
    known = chance.sample(known, 20) if len(known) > 20 else known
    pairs = [("a missing value", None), ("an empty text", ""), ("an unseen text", "never seen, né?"), ("an unseen text", "0")]
    pairs += [("a known text", text) for text in known] + [("a text of the example", text) for text in seen[:20]]
    if seen:
        pairs += [("an unseen text", f" {seen[0]}"), ("an unseen text", seen[0].swapcase())]
    if any(DATE.match(text) for text in seen):
        pairs += [("a date", date) for date in DATES]
    return pairs
