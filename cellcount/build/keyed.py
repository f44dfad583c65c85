"""Tables with several key columns (flows, visits, homes): the operators' rows side by side.

Each key column is a code from a list (areas, countries, an enumeration) or a cell; the key of a row is one number made
of its codes' places in their lists, which sorts as the key does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cellcount.build.align import Keys, Places, devices, union
from cellcount.build.combine import NOT_COVERED, Devices, Share
from cellcount.build.deliveries import DeliveryRefusedError
from cellcount.build.rounding import Words, words_of
from cellcount.build.shares import Customers, Operator
from cellcount.build.zones import Zones, numbered
from cellcount.standard import Column, Table, delivery_tables


@dataclass(frozen=True)
class SideBySide:
    """One partition of a table, all operators together.

    Parameters
    ----------
    operators : tuple of Operator
        Those that deliver the partition.
    keys : array of int64
        Every key that any of them has, ascending.
    codes : dict of str to array of int64
        For each key column, the place of the row's code in its list (a cell: the cell).
    lists : dict of str to pyarrow.Array
        For each key column of codes, the list.
    """

    operators: tuple[Operator, ...]
    keys: Keys
    codes: dict[str, NDArray[np.int64]]
    lists: dict[str, pa.Array]
    _rows: tuple[pa.Table, ...]
    _places: tuple[Places, ...]
    _absent: int

    @property
    def thresholds(self) -> list[int]:
        """Each operator's threshold, devices."""
        return [operator.delivery.threshold for operator in self.operators]

    def shares(self, areas: NDArray[np.int64], customers: Customers = "resident") -> list[Share]:
        """Each operator's p at all keys, whose areas are given; NaN where it has given none and has no row."""
        return [
            operator.share_of(areas, customers, counted=places.spread(np.ones(len(places.own), np.bool_), False))
            for operator, places in zip(self.operators, self._places, strict=True)
        ]

    def counts(self, column: str) -> list[Devices]:
        """A column of counts of each operator, at all keys.

        Where an operator has no row, it observed none or does not cover the place: as the standard says of the table.
        """
        return [
            places.spread(devices(rows.column(column)), self._absent)
            for rows, places in zip(self._rows, self._places, strict=True)
        ]

    def amounts(self, column: str, absent: float) -> list[NDArray[np.float64]]:
        """A column of amounts of each operator, at all keys: NaN where withheld, `absent` where there is no row."""
        return [
            places.spread(rows.column(column).to_numpy().astype(np.float64), absent)
            for rows, places in zip(self._rows, self._places, strict=True)
        ]

    def words(self) -> list[Words]:
        """The key columns as numbers by which figures are rounded."""
        return words(self.codes, self.lists)

    def key_columns(self) -> dict[str, pa.Array]:
        """The key columns as they are written."""
        return decoded(self.codes, self.lists)


def decoded(codes: dict[str, NDArray[np.int64]], lists: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """Key columns from the places of their codes.

    Parameters
    ----------
    codes : dict of str to array of int64
        Places, or cells where a column has no list.
    lists : dict of str to pyarrow.Array
        Lists of codes.

    Returns
    -------
    dict of str to pyarrow.Array
    """
    return {
        name: lists[name].take(pa.array(places)) if name in lists else pa.array(places)
        for name, places in codes.items()
    }


def words(codes: dict[str, NDArray[np.int64]], lists: dict[str, pa.Array]) -> list[Words]:
    """Key columns as numbers by which figures are rounded, the same whatever lists the codes are in.

    Parameters
    ----------
    codes : dict of str to array of int64
        Places, or cells where a column has no list.
    lists : dict of str to pyarrow.Array
        Lists of codes.

    Returns
    -------
    list of arrays of uint64
    """
    return [
        words_of(lists[name].to_pylist())[places] if name in lists else places.view(np.uint64)
        for name, places in codes.items()
    ]


def side_by_side(
    operators: Sequence[Operator], zones: Zones, countries: pa.Array, table_name: str, **partitions: object
) -> SideBySide | None:
    """Read one partition of a table from all operators that deliver it.

    Parameters
    ----------
    operators : sequence of Operator
        Operators.
    zones : Zones
        Reference geography.
    countries : pyarrow.Array
        Codes of countries, ascending.
    table_name : str
        A table of the standard.
    **partitions
        A value for each of its partition columns.

    Returns
    -------
    SideBySide or None
        None where nobody delivers it.
    """
    table = delivery_tables()[table_name]
    present = tuple(operator for operator in operators if operator.delivery.has(table_name, **partitions))
    if not present:
        return None
    read = [operator.delivery.read(table_name, columns=None, **partitions) for operator in present]
    columns = [column for column in table.file_columns if column.name in table.key]
    lists = {column.name: _code_list(column, zones, countries) for column in columns if column.code_list != "cells"}
    codes_of = [
        [_codes(rows, column, lists, operator) for column in columns]
        for rows, operator in zip(read, present, strict=True)
    ]
    # A cell's place is its place among the cells that occur.
    sizes, cells = [], {}
    for number, column in enumerate(columns):
        if column.name not in lists:
            cells[number] = np.unique(np.concatenate([codes[number] for codes in codes_of]))
            for codes in codes_of:
                codes[number] = np.searchsorted(cells[number], codes[number])
        sizes.append(len(cells[number]) if number in cells else len(lists[column.name]))

    own_keys, own_tables = [], []
    for operator, rows, codes in zip(present, read, codes_of, strict=True):
        keys = np.zeros(rows.num_rows, dtype=np.int64)
        for code, size in zip(codes, sizes, strict=True):
            keys = keys * max(size, 1) + code
        if (np.diff(keys) <= 0).any():
            order = np.argsort(keys, kind="stable")
            keys, rows = keys[order], rows.take(order)  # noqa: PLW2901 - the same rows in another order
            _refuse_twice(keys, table, operator)
        own_keys.append(keys)
        own_tables.append(rows)
    everywhere = union(own_keys)
    return SideBySide(
        operators=present,
        keys=everywhere,
        codes=_taken_apart(everywhere, [column.name for column in columns], sizes, cells),
        lists=lists,
        _rows=tuple(own_tables),
        _places=tuple(Places(keys, everywhere) for keys in own_keys),
        _absent=NOT_COVERED if table.absent_row == "not covered" else 0,
    )


def _codes(rows: pa.Table, column: Column, lists: dict[str, pa.Array], operator: Operator) -> NDArray[np.int64]:
    values = rows.column(column.name)
    if column.name not in lists:
        return values.to_numpy()
    return numbered(values, lists[column.name], f"{operator.delivery.folder}, column {column.name}")


def _code_list(column: Column, zones: Zones, countries: pa.Array) -> pa.Array:
    if column.code_list == "areas":
        return zones.code_list
    if column.code_list == "countries":
        return countries
    return pa.array(sorted(column.enum), pa.string())


def _refuse_twice(keys: Keys, table: Table, operator: Operator) -> None:
    if (np.diff(keys) == 0).any():
        raise DeliveryRefusedError(
            f"{operator.delivery.folder}, {table.name}: some rows are there twice. Ask operator "
            f"{operator.delivery.operator_id} to deliver it again; `python -m cellcount validate` names them."
        )


def _taken_apart(
    keys: Keys, names: Sequence[str], sizes: Sequence[int], cells: dict[int, NDArray[np.int64]]
) -> dict[str, NDArray[np.int64]]:
    """Places of the codes of each key column, from the number that they make."""
    codes = {}
    rest = keys
    for number in reversed(range(len(names))):
        place = rest % max(sizes[number], 1)
        codes[names[number]] = cells[number][place] if number in cells else place
        rest = rest // max(sizes[number], 1)
    return dict(reversed(codes.items()))
