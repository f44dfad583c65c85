"""Parquet files and manifests of a delivery: the same table gives the same bytes."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cellcount.atomic import write_json
from cellcount.standard import delivery_tables, standard_version

ROW_GROUP_ROWS = 16384
_FILE = "part-0.parquet"

Entry = dict[str, Any]


def write_parquet(table: pa.Table, file: Path) -> Entry:
    """Write a table as Parquet: zstd, V1 pages, row groups of 16,384 rows.

    Parameters
    ----------
    table : pyarrow.Table
        The table.
    file : Path
        Where; its folder is made.

    Returns
    -------
    dict
        `rows` and `sha256`.
    """
    sink = pa.BufferOutputStream()
    texts = [field.name for field in table.schema if pa.types.is_string(field.type)]
    pq.write_table(
        table,
        sink,
        version="2.6",
        data_page_version="1.0",
        compression="zstd",
        compression_level=1,
        row_group_size=ROW_GROUP_ROWS,
        use_dictionary=texts or False,
        write_statistics=[name for name in table.column_names if not name.startswith("h") or name.startswith("h3")],
        store_schema=False,
    )
    content = sink.getvalue()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return {"rows": table.num_rows, "sha256": hashlib.sha256(content).hexdigest()}


class DeliveryWriter:
    """Writes one operator's delivery, and remembers its files for the manifest.

    Parameters
    ----------
    folder : Path
        The delivery's folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files: dict[str, Entry] = {}

    def write(self, table_name: str, table: pa.Table, **partitions: object) -> Entry:
        """Write one partition of a table; what is given back is what another process must `add` to the manifest."""
        path = f"{delivery_tables()[table_name].folder(**partitions)}/{_FILE}"
        entry = {"path": path, **write_parquet(table, self.folder / path)}
        self.add([entry])
        return entry

    def add(self, entries: Iterable[Entry]) -> None:
        """Name files in the manifest that were written elsewhere, or here."""
        self._files.update({entry["path"]: entry for entry in entries})

    def finish(
        self,
        operator_id: str,
        knobs: Mapping[str, Any],
        dates: Sequence[dt.date],
        resolutions: Sequence[int],
    ) -> None:
        """Write the manifest.

        Parameters
        ----------
        operator_id : str
            Pseudonym.
        knobs : mapping
            The operator's parameters.
        dates : sequence of date
            UTC days.
        resolutions : sequence of int
            H3 resolutions.
        """
        first, last = dates[0], dates[-1]
        write_json(
            self.folder / "manifest.json",
            {
                "standard_version": standard_version(),
                "delivery_id": f"{operator_id}_{first}_{last}",
                "operator_id": operator_id,
                "period_start": str(first),
                "period_end": str(last),
                "resolutions": list(resolutions),
                "threshold": knobs["threshold"],
                "geolocation": knobs["geolocation"],
                "count_basis": "mean",
                "stay_minutes": knobs["stay_minutes"],
                "night_window": [0, 6],
                "home_window": [20, 8],
                "functional_midnight": 4,
                "trip_gap_hours": 0.5,
                # Two days after the period: the time of making would make the same seed's bytes differ.
                "produced_at": f"{last + dt.timedelta(days=2)}T06:00:00Z",
                "licence": "Synthetic data, made up: free to use for any purpose (CC0 1.0). Open Government Licence "
                "v3.0 applies to the real geography beneath.",
                "contact": "The makers of this software; there is no such operator",
                "ethics_reference": "None needed: no real person's data are in it",
                "synthetic": True,
                "files": [self._files[path] for path in sorted(self._files)],
            },
        )
