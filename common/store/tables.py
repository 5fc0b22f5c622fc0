"""Tables as CSV files."""

import pandas as pd

from common.store.files import write_whole


def with_columns_in_front(table, values):
    """The table with constant columns before its own."""
    return pd.concat([pd.DataFrame(values, index=table.index), table], axis=1)


def table_bytes(table, may_be_empty=("saturated_fraction", "epochs_to_target", "first_off_epoch")):
    """A table as the bytes of a CSV file.

    Numbers that are not finite are written as `nan` and `inf`. Only where NaN means that there is nothing to measure, in the columns of
    `may_be_empty` and what is derived from them, is the field left empty.
    """
    table = table.copy()
    for column in table.columns:
        if column.startswith(may_be_empty):
            table[column] = [("" if pd.isna(value) else value) for value in table[column]]
    return table.to_csv(index=False, na_rep="nan", lineterminator="\n").encode()


def write_table(table, path):
    """Write a CSV file, all of it or nothing."""
    write_whole(path, table_bytes(table))
