"""Open the deliveries that a release is made from, and refuse what does not fit together.

Only what is cheap is checked here: manifests, that every file is there with its checksum, rows, columns and types, and
that the deliveries belong together. Whether the counts make sense is the validator's question.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cellcount.build.check import leaves_folder, schema_faults, sha256
from cellcount.errors import CellCountError
from cellcount.standard import MANIFEST_NAME, delivery_tables, manifest_fields, standard_version, version_numbers

FAULTS_TOLD = 10


class DeliveryRefusedError(CellCountError):
    """A delivery cannot be used, or does not go with the others."""


@dataclass(frozen=True)
class Delivery:
    """One operator's delivery: its folder and its manifest."""

    folder: Path
    manifest: dict[str, Any]
    manifest_sha256: str

    @property
    def operator_id(self) -> str:
        """Pseudonym of the operator."""
        return str(self.manifest["operator_id"])

    @property
    def threshold(self) -> int:
        """Devices: the operator withholds smaller counts."""
        return int(self.manifest["threshold"])

    @property
    def synthetic(self) -> bool:
        """Whether the data are made up."""
        return bool(self.manifest.get("synthetic", False))

    @property
    def period(self) -> tuple[dt.date, dt.date]:
        """First and last UTC day."""
        first, last = self.manifest["period_start"], self.manifest["period_end"]
        return dt.date.fromisoformat(first), dt.date.fromisoformat(last)

    @property
    def dates(self) -> list[dt.date]:
        """Every UTC day of the period."""
        first, last = self.period
        return [first + dt.timedelta(days) for days in range((last - first).days + 1)]

    @cached_property
    def files(self) -> dict[str, list[Path]]:
        """Files by partition: `cell_day/date=2026-10-05` gives its Parquet files."""
        found: dict[str, list[Path]] = {}
        for entry in sorted(self.manifest["files"], key=lambda entry: str(entry["path"])):
            partition, _, _ = entry["path"].rpartition("/")
            found.setdefault(partition, []).append(self.folder / entry["path"])
        return found

    def has(self, table_name: str, **partitions: object) -> bool:
        """Whether the delivery has a partition of a table."""
        return delivery_tables()[table_name].folder(**partitions) in self.files

    def partition_values(self, table_name: str) -> set[str]:
        """Values of the one partition column of a table: its dates, months or periods."""
        return {partition.partition("=")[2] for partition in self.files if partition.split("/")[0] == table_name}

    def read(self, table_name: str, *, columns: Sequence[str] | None = None, **partitions: object) -> pa.Table:
        """Read one partition of a table; a table without rows where the delivery has none.

        Parameters
        ----------
        table_name : str
            A table of the standard.
        columns : sequence of str, optional
            Only these columns.
        **partitions
            A value for each of its partition columns.

        Returns
        -------
        pyarrow.Table
            Declared columns, without those that are folder names; text as dictionaries, for codes repeat.
        """
        table = delivery_tables()[table_name]
        codes = [column.name for column in table.file_columns if column.physical_type == "VARCHAR"]
        wanted = list(columns or (column.name for column in table.file_columns))
        read = []
        for file in self.files.get(table.folder(**partitions), []):
            try:
                # Days are read side by side: more threads inside would only get in the way.
                with pq.ParquetFile(file, memory_map=True, read_dictionary=codes) as parquet:
                    read.append(parquet.read(wanted, use_threads=False))
            except (OSError, pa.ArrowException) as error:
                raise DeliveryRefusedError(
                    f"{file} cannot be read: {str(error).splitlines()[0]}. Ask operator {self.operator_id} to deliver "
                    "it again; `python -m cellcount validate` names every fault of a delivery."
                ) from error
        return pa.concat_tables(read) if read else table.file_schema.empty_table().select(wanted)


def open_deliveries(folders: Sequence[Path]) -> list[Delivery]:
    """Open deliveries that belong together: one for each operator, all of the same period.

    Parameters
    ----------
    folders : sequence of Path
        Their folders, in any order.

    Returns
    -------
    list of Delivery
        By operator.

    Raises
    ------
    DeliveryRefusedError
        If one is missing, damaged or of a newer standard, or they do not go together.
    """
    if not folders:
        raise DeliveryRefusedError("There is nothing to build from. Name the folder of at least one delivery.")
    deliveries = sorted((_opened(Path(folder)) for folder in folders), key=lambda delivery: delivery.operator_id)
    _refuse_misfits(deliveries)
    for delivery in deliveries:
        faults = _file_faults(delivery) + _missing_days(delivery)
        if faults:
            told = "\n".join(f"- {fault}" for fault in faults[:FAULTS_TOLD])
            more = f"\n- and {len(faults) - FAULTS_TOLD:,} more" if len(faults) > FAULTS_TOLD else ""
            raise DeliveryRefusedError(
                f"The delivery {delivery.folder} cannot be used:\n{told}{more}\n"
                f"Copy it again, or ask operator {delivery.operator_id} to deliver it again; "
                f"`python -m cellcount validate {delivery.folder}` names every fault."
            )
    return deliveries


def common_resolutions(deliveries: Sequence[Delivery]) -> list[int]:
    """H3 resolutions that every delivery has: a figure of fewer operators would not be one of all of them."""
    common = set.intersection(*(set(delivery.manifest["resolutions"]) for delivery in deliveries))
    if not common:
        raise DeliveryRefusedError(
            "The deliveries have no H3 resolution in common. Ask the operators for the same resolutions."
        )
    return sorted(common)


def _opened(folder: Path) -> Delivery:
    file = folder / MANIFEST_NAME
    try:
        content = file.read_bytes()
        manifest = json.loads(content)
    except FileNotFoundError:
        raise DeliveryRefusedError(
            f"{folder} is not a delivery: it has no {MANIFEST_NAME}. Name the folder that holds it; if the delivery "
            "was copied, copy it again whole."
        ) from None
    except NotADirectoryError:
        raise DeliveryRefusedError(
            f"{folder} is a file. Name the folder of a delivery, with its {MANIFEST_NAME}."
        ) from None
    except OSError as error:
        raise DeliveryRefusedError(
            f"{file} cannot be read ({error.strerror or error}). Have its permissions changed, or copy the delivery "
            "again whole."
        ) from error
    except ValueError as error:
        raise DeliveryRefusedError(f"{file} cannot be read ({error}). Copy the delivery again whole.") from error
    faults = _manifest_faults(manifest) if isinstance(manifest, dict) else ["it is not a JSON object"]
    if faults:
        raise DeliveryRefusedError(
            f"{file}: {'; '.join(faults)}. `python -m cellcount validate {folder}` says how to mend it."
        )
    return Delivery(folder, manifest, sha256(file))


def _manifest_faults(manifest: dict[str, Any]) -> list[str]:
    version = str(manifest.get("standard_version", ""))
    if re.fullmatch(r"\d+(\.\d+)*", version) and version_numbers(version) > version_numbers(standard_version()):
        return [
            f"the delivery follows version {version} of the standard and this software knows versions up to "
            f"{standard_version()}: update the software"
        ]
    required = [field.name for field in manifest_fields() if field.required]
    faults = [f"{name} is missing" for name in required if name not in manifest]
    if faults:
        return faults
    try:
        first, last = (dt.date.fromisoformat(manifest[name]) for name in ("period_start", "period_end"))
        faults += ["period_end is before period_start"] if last < first else []
    except (TypeError, ValueError):
        faults.append("period_start and period_end must be dates, for example 2026-10-05")
    if manifest["count_basis"] == "unique":
        faults.append("count_basis is unique, and unique devices do not add up to people present: mean is needed")
    if type(manifest["threshold"]) is not int or manifest["threshold"] < 1:
        faults.append("threshold must be a whole number, 1 or more")
    wanted = {"path": str, "rows": int, "sha256": str}
    files = manifest["files"]
    if not isinstance(files, list) or not all(
        isinstance(entry, dict) and all(isinstance(entry.get(name), kind) for name, kind in wanted.items())
        for entry in files
    ):
        faults.append("files must list path, rows and sha256 of every file")
    return faults


def _refuse_misfits(deliveries: Sequence[Delivery]) -> None:
    first = deliveries[0]
    for before, delivery in pairwise(deliveries):
        if before.operator_id == delivery.operator_id:
            raise DeliveryRefusedError(
                f"{before.folder} and {delivery.folder} are both from operator {delivery.operator_id}: its customers "
                "would count twice. Name one of them."
            )
    for delivery in deliveries[1:]:
        if delivery.period != first.period:
            raise DeliveryRefusedError(
                f"{first.folder} covers {first.period[0]} to {first.period[1]} and {delivery.folder} covers "
                f"{delivery.period[0]} to {delivery.period[1]}. Deliveries of one release must cover the same days."
            )
        if delivery.synthetic != first.synthetic:
            made_up, real = (delivery, first) if delivery.synthetic else (first, delivery)
            raise DeliveryRefusedError(
                f"{made_up.folder} is synthetic and {real.folder} is not. A release is made from one kind only."
            )


def _file_faults(delivery: Delivery) -> list[str]:
    with ThreadPoolExecutor() as pool:
        checked = pool.map(lambda entry: _one_file_faults(delivery.folder, entry), delivery.manifest["files"])
        return [fault for faults in checked for fault in faults]


def _one_file_faults(folder: Path, entry: dict[str, Any]) -> list[str]:
    path = entry["path"]
    if leaves_folder(folder, path):
        return [f"{path}: the path leaves the delivery's folder"]
    table = delivery_tables().get(path.split("/")[0])
    if table is None:
        return [f"{path}: there is no table {path.split('/')[0]} in the standard"]
    file = folder / path
    if not file.is_file():
        return [f"{path}: the file is missing"]
    if sha256(file) != entry["sha256"]:
        return [f"{path}: the checksum differs from the manifest's: the file has changed or was cut short"]
    try:
        metadata = pq.read_metadata(file)
    except (OSError, pa.ArrowException) as error:
        return [f"{path}: not a Parquet file that can be read ({str(error).splitlines()[0]})"]
    faults = [f"{path}: {fault}" for fault in schema_faults(table, metadata)]
    if metadata.num_rows != entry["rows"]:
        faults.append(f"{path}: {metadata.num_rows:,} rows, where the manifest says {entry['rows']:,}")
    return faults


def _missing_days(delivery: Delivery) -> list[str]:
    """Days of the period for which a table that must be there is not."""
    days = {str(day) for day in delivery.dates}
    faults = [
        f"{name}/date={day}: the delivery has nothing for this day of its period"
        for name, table in delivery_tables().items()
        if not table.optional and table.partitions == ("date",)
        for day in sorted(days - delivery.partition_values(name))
    ]
    faults += [
        f"{name}: the table is missing"
        for name, table in delivery_tables().items()
        if not table.optional and not table.partitions and not delivery.has(name)
    ]
    return faults
