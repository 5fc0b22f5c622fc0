"""Tables as CSV files."""

import pandas as pd

from common.needs import is_older
from common.store.files import write_whole

# Unless it is told to, pandas before 3.1 reads every third number with another last bit than was written.
EXACTLY = {"float_precision": "round_trip"} if is_older(pd.__version__, "3.1") else {}


def read_table(path):
    """The table in a CSV file, its numbers as they were written."""
    return pd.read_csv(path, **EXACTLY)


def with_columns_in_front(table, values):
    """The table with constant columns before its own."""
    return pd.concat([pd.DataFrame(values, index=table.index), table], axis=1)


def table_bytes(table, left_empty=()):
    """A table as the bytes of a CSV file.

    Numbers that are not finite are written as `nan` and `inf`.

    Args:
        table: the DataFrame.
        left_empty: columns in which NaN is an empty field instead. Defaults to none.
    """
    table = table.copy()
    for column in table.columns.intersection(list(left_empty)):
        table[column] = table[column].astype(str).where(table[column].notna(), "")
    return table.to_csv(index=False, na_rep="nan", lineterminator="\n").encode()


def write_table(table, path, left_empty=()):
    """Write a CSV file, all of it or nothing; `left_empty` is that of `table_bytes` and defaults to none."""
    write_whole(path, table_bytes(table, left_empty))
