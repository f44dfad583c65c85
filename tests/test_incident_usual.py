"""People usually in zones, of a release without dates: sums of cells, and what is not measured or withheld."""

from __future__ import annotations

import h3.api.numpy_int as h3
import pytest
import shapely
from release_world import A1, A2, A3, A4, B1, MANIFEST, write_release

from cellcount.store import AnswerCache, open_release
from cellcount.ui.incident_usual import read_usual, usual_of, usual_table, without_figures
from cellcount.ui.reading import Release
from cellcount.zones import Zones


def zone(*cells: int):
    return shapely.union_all(
        [shapely.Polygon([(lon, lat) for lat, lon in h3.cell_to_boundary(cell)]) for cell in cells]
    )


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """Typical days alone: a weekday, with A1 and B1 and a withheld A2, and a Saturday with A1; 08:00 to 16:00."""
    hours = [{"id": f"h{hour:02d}", "label": f"{hour:02d}:00", "hours": [hour]} for hour in range(8, 16)]
    time = {**MANIFEST["time"], "slots": hours}
    folder = write_release(tmp_path_factory.mktemp("releases"), only=["typical_day"], time=time)
    return Release(open_release(folder, cache=AnswerCache(0)))


def test_people_are_told_by_day_type_by_day_and_by_night(release):
    """100.5 in every hour, 110.5 at 08:00; of Saturdays 90."""
    zones = Zones(("Works", "Beside", "Hidden"), (zone(A1), zone(A1, B1), zone(A2)))
    place, typical, runs = read_usual(release, zones)
    days = usual_of(place, typical)
    assert place.resolution == 7
    assert [day.label for day in days] == ["Weekday", "Saturday"]
    weekday, saturday = days
    assert weekday.people[0, 0] == pytest.approx(110.5, rel=1e-6)
    assert weekday.people[1, 4] == pytest.approx(100.5 + 50.5, rel=1e-6)
    assert saturday.people[0, 3] == pytest.approx(90.0, rel=1e-6)
    assert weekday.withheld[2].tolist() == [1.0] * 8
    assert {run.name for run in runs} == {"cells_in_view", "typical_day_in_view"}

    rows = usual_table(zones, days).to_dict("records")
    assert [(row["Zone"], row["Day"], row["By day"], row["By night"]) for row in rows[:2]] == [
        ("Works", "Weekday", "100", "not measured"),
        ("Works", "Saturday", "90", "not measured"),
    ]
    assert rows[0]["Most"] == "110 (08:00)"
    assert next(row["By day"] for row in rows if row["Zone"] == "Hidden") == "withheld"


def test_what_lies_where_there_are_no_figures_is_said_by_its_zone(release):
    """Of four cells of 5 km² two have none in any day type, and one of the others is withheld, which is told of."""
    wide = zone(A1, A2, A3, A4)
    place, typical, _ = read_usual(release, Zones(("Wide", "Works"), (wide, zone(A1))))
    share = 1 - 10 / place.zones.areas_km2[0]
    assert without_figures(place, typical) == [
        f"Wide: About {100 * share:.0f} % of this area lies where the release has no cells (sea, or not covered): "
        "nobody is counted there."
    ]
    assert usual_of(place, typical)[0].withheld[0].tolist() == [1.0] * 8, "and not those that it does not cover"
