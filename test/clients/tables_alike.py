"""Random tables, each written by pandas as CSV, Parquet and JSON lines, with the rows as a client would send them: FOLDER, TABLES, SEED."""
import decimal, json, os, pathlib
import numpy as np, pandas as pd

folder, tables, seed = pathlib.Path(os.environ["FOLDER"]), int(os.environ["TABLES"]), int(os.environ["SEED"])


def blanks(r, values, share):
    """An object column in which some cells are None."""
    return pd.Series([None if hole else value for value, hole in zip(values, r.random(len(values)) < share)], dtype=object)


def column(r, n):
    """Its kind, and the column. pandas writes 15 decimal places at most to JSON, so numbers have fewer."""
    words = ["rain", "sun", " fog", "snow, wet", 'the "blizzard"', "Nebel", "été"]
    kinds = {
        "floats": lambda: pd.Series(r.normal(size=n).round(6)),
        "floats with NaN": lambda: pd.Series(np.where(r.random(n) < 0.2, np.nan, r.normal(size=n).round(4))),
        "floats of many sizes": lambda: pd.Series([float(f"{v:.6g}") for v in np.exp(r.normal(size=n) * 4)]),
        "floats that are whole": lambda: pd.Series(r.integers(0, 40, n).astype(float)),
        "integers": lambda: pd.Series(r.integers(-50, 50, n)),
        "small integers": lambda: pd.Series(r.integers(0, 90, n).astype(np.int8)),
        "nullable integers": lambda: pd.Series(pd.array([None if hole else int(v) for v, hole in zip(r.integers(0, 300, n), r.random(n) < 0.1)], dtype="Int64")),
        "large integers": lambda: pd.Series(r.integers(10**12, 10**14, n)),
        "booleans": lambda: pd.Series(r.random(n) < 0.4),
        "nullable booleans": lambda: pd.Series(pd.array([None if hole else bool(v) for v, hole in zip(r.random(n) < 0.5, r.random(n) < 0.1)], dtype="boolean")),
        "words": lambda: pd.Series(r.choice(words, n)),
        "words with None": lambda: blanks(r, r.choice(words, n), 0.15),
        "a categorical": lambda: pd.Series(pd.Categorical(r.choice(["low", "mid", "high"], n), categories=["low", "mid", "high"], ordered=True)),
        "texts of numbers": lambda: pd.Series([f"{v:.2f}" for v in r.normal(size=n) * 30]),
        "texts of numbers with a word for missing": lambda: pd.Series([("n/a" if hole else f"{v:.2f}") for v, hole in zip(r.normal(size=n) * 30, r.random(n) < 0.1)]),
        "amounts with thousands": lambda: pd.Series([f"{v:,.2f}" for v in r.uniform(1000, 90000, n)]),
        "codes with leading zeros": lambda: pd.Series([f"{v:05d}" for v in r.choice([7, 42, 420, 80331, 1234, 99], n)]),
        "days": lambda: pd.Series(pd.Timestamp("2021-03-01") + pd.to_timedelta(r.integers(0, 900, n), unit="D")),
        "times": lambda: pd.Series(pd.Timestamp("2021-03-01") + pd.to_timedelta(r.integers(0, 5_000_000, n), unit="s")),
        "times with a zone": lambda: pd.Series(pd.Timestamp("2021-03-01", tz="Europe/Berlin") + pd.to_timedelta(r.integers(0, 5_000_000, n), unit="s")),
        "texts of days": lambda: pd.Series([f"{d.day:02d}.{d.month:02d}.{d.year}" for d in pd.Timestamp("2021-03-01") + pd.to_timedelta(r.integers(0, 900, n), unit="D")]),
        "days with gaps": lambda: pd.Series(pd.Timestamp("2021-03-01") + pd.to_timedelta(r.integers(0, 900, n), unit="D")).where(r.random(n) > 0.1),
        "days before 1970": lambda: pd.Series(pd.Timestamp("1890-03-01") + pd.to_timedelta(r.integers(0, 25_000, n), unit="D")),
        "date objects": lambda: pd.Series([d.date() for d in pd.Timestamp("2021-03-01") + pd.to_timedelta(r.integers(0, 900, n), unit="D")], dtype=object),
        "times to the millisecond": lambda: pd.Series(pd.Timestamp("2021-03-01") + pd.to_timedelta(r.integers(0, 10**10, n), unit="ms")),
        "decimals": lambda: pd.Series([decimal.Decimal(int(v)) / 100 for v in r.integers(-9999, 99999, n)], dtype=object),
        "a categorical of numbers": lambda: pd.Series(pd.Categorical(r.choice([10, 20, 30], n))),
        "words of truth": lambda: pd.Series(r.choice(["yes", "no"], n)),
        "letters of truth with gaps": lambda: blanks(r, r.choice(["T", "F"], n), 0.1),
        "one value": lambda: pd.Series(["same"] * n),
        "nothing": lambda: pd.Series([None] * n, dtype=object),
        "nothing but NaN": lambda: pd.Series([np.nan] * n),
        "unsigned integers": lambda: pd.Series(r.integers(0, 60_000, n).astype(np.uint16)),
        "single precision": lambda: pd.Series(r.integers(-4000, 4000, n).astype(np.float32) / 8),
    }
    name = r.choice(list(kinds))
    return name, kinds[name]()


described = []
for table in range(tables):
    r = np.random.default_rng([seed, table])
    n = int(r.integers(60, 200))
    kinds, frame = {}, pd.DataFrame(index=range(n))
    for index in range(int(r.integers(3, 9))):
        kinds[f"c{index}"], frame[f"c{index}"] = column(r, n)
    frame["y"] = (r.normal(size=n) * 3 + 10).round(5)
    base = folder / f"t{table}"
    frame.to_csv(f"{base}.csv", index=False)
    frame.to_parquet(f"{base}.parquet", index=False)
    frame.to_json(f"{base}.jsonl", orient="records", lines=True, date_format="iso", double_precision=15)
    pathlib.Path(f"{base}.rows.json").write_text(frame.drop(columns="y").head(40).to_json(orient="records", date_format="iso", double_precision=15))
    described.append(kinds)
print(json.dumps(described))
