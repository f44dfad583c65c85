"""Who visits, from where, and where do they go?

A question, an area, a month, countries and a measure are chosen; a click on the map chooses too.
"""

from cellcount.ui import evidence, frame, maps, tourism

with frame.open_page("tourism") as release:
    maps.prepare()
    view = tourism.choose(release)
    if view is not None:
        shown = tourism.show(release, view)
        evidence.show(release, shown.runs, tourism.METHODS, shown.tables)
