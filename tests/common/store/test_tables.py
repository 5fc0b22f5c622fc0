"""Tables come back from disk as they were written, with every version of pandas."""

import csv

import numpy as np
import pandas as pd
import pytest

from common.store import tables

random = np.random.default_rng(0)
COLUMNS = {
    "normal": random.normal(size=2000),
    "of every size": 10.0 ** random.uniform(-300, 300, 2000),
    "float32": random.normal(size=2000).astype("float32").astype("float64"),
    "not finite": np.where(random.random(2000) < 0.5, np.inf, random.normal(size=2000)),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_every_number_is_read_to_its_last_bit(name, tmp_path):
    """Python's own `float` is the oracle of what stands in the file."""
    tables.write_table(pd.DataFrame({name: COLUMNS[name]}), tmp_path / "table.csv")
    with open(tmp_path / "table.csv", newline="") as file:
        written = [float(row[name]) for row in csv.DictReader(file)]
    read = tables.read_table(tmp_path / "table.csv")[name].to_numpy()
    np.testing.assert_array_equal(read, COLUMNS[name])
    np.testing.assert_array_equal(read, written)
