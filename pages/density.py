"""How many people are where, hour by hour?

An area, a day or a window of hours and a measure are chosen, a place is searched for, two times are compared; the map,
the figures, the curve and the ranked list follow the hour.
"""

from cellcount.ui import density, evidence, frame, maps

with frame.open_page("density") as release:
    maps.prepare()
    asked = density.choose(release)
    found, runs = density.read(release, asked)
    density.show(release, asked, found)
    evidence.show(release, runs, density.METHODS, density.tables(found.day, found.compared))
