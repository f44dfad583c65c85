"""Where is activity unusually concentrated, and when?

Every cell of an area is compared with chance, hour by hour or over a window of hours; what stands out is mapped, ranked
with its people, and followed over the day.
"""

from cellcount.ui import evidence, frame, hotspots, maps

with frame.open_page("hotspots") as release:
    maps.prepare()
    asked = hotspots.choose(release)
    found, runs = hotspots.read(release, asked)
    hotspots.show(release, asked, found)
    evidence.show(release, runs, hotspots.METHODS, hotspots.tables(found))
