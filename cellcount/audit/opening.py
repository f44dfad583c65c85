"""Open a release and the deliveries it was made from; refuse what does not belong together."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cellcount.audit.rule import Rule, rule_of
from cellcount.build.deliveries import Delivery, open_deliveries
from cellcount.errors import CellCountError
from cellcount.standard import DAY_PARTS, MANIFEST_NAME, release_tables

KINDS_OF_CUSTOMERS = ("resident", "inbound")


class AuditRefusedError(CellCountError):
    """A release cannot be audited, or not with these deliveries."""


@dataclass(frozen=True)
class Release:
    """A release as an attacker has it: its files and nothing else."""

    folder: Path
    manifest: dict[str, Any]

    @property
    def rule(self) -> Rule:
        """The withholding rule that it states."""
        return rule_of(self.manifest)

    @property
    def dates(self) -> list[dt.date]:
        """Every UTC day of its period."""
        first, last = (dt.date.fromisoformat(self.manifest["time"][name]) for name in ("period_start", "period_end"))
        return [first + dt.timedelta(days) for days in range((last - first).days + 1)]

    def has(self, table_name: str, **partitions: object) -> bool:
        """Whether it has a table, or one partition of it."""
        return any(self._files(table_name, **partitions))

    def partitions(self, table_name: str) -> list[dict[str, str]]:
        """The partitions of a table that are there, as their columns' values."""
        folders = sorted({file.parent for file in (self.folder / table_name).rglob("*.parquet")})
        return [
            dict(part.split("=", 1) for part in folder.relative_to(self.folder / table_name).parts)
            for folder in folders
        ]

    def read(self, table_name: str, columns: Sequence[str] | None = None, **partitions: object) -> pa.Table:
        """Read one partition of a table.

        Parameters
        ----------
        table_name : str
            A table of `release.json`.
        columns : sequence of str, optional
            Some of its columns; all if not given.
        **partitions
            A value for each of its partition columns.

        Returns
        -------
        pyarrow.Table
            Without rows where the release has none.
        """
        read = []
        for file in self._files(table_name, **partitions):
            with pq.ParquetFile(file) as parquet:
                there = set(parquet.schema_arrow.names)
                wanted = None if columns is None else [name for name in columns if name in there]
                read.append(parquet.read(wanted, use_threads=False))
        if read:
            return pa.concat_tables(read)
        schema = release_tables()[table_name].file_schema
        return schema.empty_table() if columns is None else schema.empty_table().select(list(columns))

    def _files(self, table_name: str, **partitions: object) -> list[Path]:
        return sorted((self.folder / release_tables()[table_name].folder(**partitions)).glob("*.parquet"))

    @cached_property
    def areas(self) -> pd.DataFrame:
        """Codes, types and parents of areas."""
        columns = ["area_code", "area_type", "parent_code", "residents"]
        return self.read("areas", columns).to_pandas()

    @cached_property
    def cells(self) -> pd.DataFrame:
        """Cells with their area and residents, by `h3`."""
        read = self.read("cells", ["h3", "area_code", "region_code", "country_code", "residents"]).to_pandas()
        read["area"] = read["area_code"].fillna(read["region_code"]).fillna(read["country_code"])
        read["residents"] = read["residents"].fillna(0.0)
        return read[["h3", "area", "residents"]].sort_values("h3", ignore_index=True)

    @cached_property
    def _shares(self) -> pd.Series:
        """P by area and part of the day, as published."""
        read = self.read("precision").to_pandas()
        if "day_part" not in read:
            read = pd.concat([read.assign(day_part=part) for part in DAY_PARTS])
        shares = read.dropna(subset=["coverage_p"])
        shares = shares[shares["coverage_p"] > 0]
        if shares.empty:
            raise AuditRefusedError(
                f"{self.folder} has no coverage in its table `precision`: what a figure means in devices cannot be "
                "told. `python -m cellcount check` says whether the release is whole."
            )
        return shares.set_index(["area_code", "day_part"])["coverage_p"]

    def shares(self, areas: pd.Series | NDArray[np.object_], day_part: str | None = None) -> NDArray[np.float64]:
        """P of some areas: the share of people whom all operators together observe.

        Parameters
        ----------
        areas : array of str
            Codes.
        day_part : str, optional
            Part of the day; the mean of them if not given.

        Returns
        -------
        array of float
            The median of all areas' where `precision` has no row.
        """
        if day_part is None:
            by_area = self._shares.groupby(level="area_code").mean()
        else:
            by_area = self._shares.xs(day_part, level="day_part")
        found = by_area.reindex(pd.Index(areas)).to_numpy(dtype=np.float64)
        return np.where(np.isnan(found), float(by_area.median()), found)


@dataclass(frozen=True)
class Factors:
    """The share of people that operators see, by area and kind of customer, as they say."""

    by_operator: tuple[dict[str, dict[str, float]], ...]
    above: dict[str, str]

    def inbound(self, areas: pd.Series | NDArray[np.object_]) -> NDArray[np.float64]:
        """P of visitors from abroad in some areas, all operators together; NaN where none is known."""
        unique = {code: self._of(str(code)) for code in pd.unique(pd.Series(areas))}
        return np.array([unique[code] for code in areas], dtype=np.float64)

    def _of(self, code: str) -> float:
        total = 0.0
        for factors in self.by_operator:
            given, above = factors["inbound"], code
            while above and above not in given:
                above = self.above.get(above, "")
            known = [*given.values()]
            total += given[above] if above else float(np.mean(known)) if known else 0.0
        return min(total, 1.0) if total > 0 else np.nan


def open_release(folder: Path) -> Release:
    """Open a release that was built from deliveries.

    Parameters
    ----------
    folder : Path
        Its folder.

    Returns
    -------
    Release

    Raises
    ------
    AuditRefusedError
        If it is not a release, or was imported.
    """
    file = folder / MANIFEST_NAME
    try:
        manifest = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise AuditRefusedError(
            f"{folder} is not a release that can be read: {file.name} {'is missing' if not file.exists() else error}. "
            "Name the folder of one release, with its manifest."
        ) from error
    if manifest.get("kind") != "built":
        raise AuditRefusedError(
            f"{folder} was imported from published data, not built from deliveries: there is nothing behind it that it "
            "could give away. Name a release that `python -m cellcount build` has made."
        )
    return Release(folder, manifest)


def open_sources(release: Release, folders: Sequence[Path]) -> list[Delivery]:
    """Open the deliveries that a release was made from, to score attacks on it.

    Parameters
    ----------
    release : Release
        The release.
    folders : sequence of Path
        Folders of deliveries: all that it was made from, and no other.

    Returns
    -------
    list of Delivery

    Raises
    ------
    AuditRefusedError
        If the release was made from others, or these have changed since.
    """
    deliveries = open_deliveries(folders)
    made_from = {each["manifest_sha256"]: each["delivery_id"] for each in release.manifest["deliveries"]}
    given = {delivery.manifest_sha256: delivery for delivery in deliveries}
    strangers = [delivery for checksum, delivery in given.items() if checksum not in made_from]
    if strangers:
        raise AuditRefusedError(
            f"{release.folder.name} was not made from the delivery {strangers[0].manifest['delivery_id']} in "
            f"{strangers[0].folder} as it is now: the checksum of its manifest is not among those that the release "
            f"names. It was made from {', '.join(made_from.values())}. Name these, unchanged."
        )
    missing = [name for checksum, name in made_from.items() if checksum not in given]
    if missing:
        raise AuditRefusedError(
            f"{release.folder.name} was also made from {', '.join(missing)}. Name all of its deliveries: an attack is "
            "scored against what all operators counted."
        )
    return deliveries


def open_factors(release: Release, deliveries: Sequence[Delivery]) -> Factors:
    """Read what operators say of their shares.

    Parameters
    ----------
    release : Release
        For its areas.
    deliveries : sequence of Delivery
        Its deliveries.

    Returns
    -------
    Factors
    """
    by_operator = []
    for delivery in deliveries:
        table = delivery.read("operator_factor").to_pandas()
        share = table["market_share"] * table["devices_per_person"] * table["switched_on_rate"]
        by_operator.append(
            {
                kind: dict(zip(table["area_code"].astype(str)[these], share[these].clip(upper=1.0), strict=True))
                for kind in KINDS_OF_CUSTOMERS
                for these in [table["segment"].astype(str) == kind]
            }
        )
    parents = release.areas.dropna(subset=["parent_code"])
    return Factors(tuple(by_operator), dict(zip(parents["area_code"], parents["parent_code"], strict=True)))
