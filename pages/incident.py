"""Who was there before, during and after an incident?

A place and a time are chosen; people are held against usual days, hour by hour, in zones and in cells.
"""

from cellcount.ui import evidence, frame, incident, maps

with frame.open_page("incident") as release:
    maps.prepare()
    chosen = incident.choose(release)
    if chosen:
        found = incident.read(release, chosen)
        incident.show(release, chosen, found)
        evidence.show(release, list(found.runs), incident.METHODS, incident.tables(chosen, found))
