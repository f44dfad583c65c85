"""How many people are where, hour by hour?

An area, a day and a measure are chosen; the map, the figures, the curve and the ranked list follow the hour.
"""

from cellcount.ui import controls, density, evidence, frame, maps, reading

with frame.open_page("density") as release:
    maps.prepare()
    view = controls.choose(release.areas, release.default_area, release.days, release.measures)
    day, runs = reading.density_day(release, view)
    density.show(release, day)
    evidence.show(release, runs, density.METHODS, density.tables(day))
