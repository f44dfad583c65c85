"""Who moves from where to where, and when?

A direction, an area, a day and a time of it are chosen; the map, the figures, the curve and the largest flows follow.
"""

from cellcount.ui import evidence, flows, frame, maps

with frame.open_page("flows") as release:
    maps.prepare()
    asked = flows.choose(release)
    if asked is not None:
        shown = flows.show(release, asked)
        evidence.show(release, shown.runs, flows.METHODS, shown.tables)
