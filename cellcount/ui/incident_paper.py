"""The style of a sheet of A4 in HTML: see `cellcount.standalone`."""

from __future__ import annotations

from cellcount.ui.look import PALETTES

PALETTE = PALETTES["light"]
"""Paper is white, whatever theme the reader has on screen."""
_COLOURS = " ".join(
    f"--{name}: {colour};"
    for name, colour in (("text", PALETTE.text), ("edge", PALETTE.edge), ("line", PALETTE.line), ("mark", PALETTE.mark))
)
STYLE = (
    f":root {{ {_COLOURS} }}"
    + """
@page { size: A4 portrait; margin: 7mm 11mm 6mm; }
* { box-sizing: border-box; }
body { font: 400 7.4pt/1.34 "Open Sans", Arial, sans-serif; color: var(--text); background: #fff; margin: 0 auto;
  max-width: 188mm; -webkit-print-color-adjust: exact; print-color-adjust: exact; overflow-wrap: anywhere; }
h1, h2, p, ul, figure, table, dl, dd { margin: 0; padding: 0; }
h1 { font-size: 16pt; line-height: 1.2; font-weight: 600; color: var(--edge); letter-spacing: -0.01em; }
h2 { font-size: 8.4pt; font-weight: 600; color: var(--edge); margin-bottom: 0.8mm; }
b, th { font-weight: 600; }
header { border-bottom: 0.6mm solid var(--edge); padding-bottom: 1.6mm; margin-bottom: 2.2mm; }
.over { display: flex; justify-content: space-between; color: var(--line); font-weight: 600; font-size: 7.4pt; }
.where { font-size: 9.4pt; }
.note { border-left: 1.2mm solid #F46A25; background: #FEF1E9; padding: 0.8mm 2mm; margin-bottom: 1.6mm; }
.steward { border: 0.5mm solid var(--mark); border-left-width: 2mm; background: none; }
.lead { font-size: 9.2pt; line-height: 1.33; margin-bottom: 1.8mm; }
.tiles { display: flex; gap: 2mm; margin-bottom: 2.4mm; }
.tiles div { flex: 1 1 0; background: #F5F5F6; border-top: 0.7mm solid var(--line); padding: 1.1mm 1.8mm 1.3mm; }
.tiles dt { font-size: 7pt; }
.tiles dd { font-size: 13pt; line-height: 1.25; font-weight: 600; color: var(--edge); white-space: nowrap; }
.tiles dd + dd { font-size: 7pt; font-weight: 400; color: var(--text); line-height: 1.3; white-space: normal; }
.pair { display: grid; grid-template-columns: 91mm 1fr; gap: 4mm; margin-bottom: 2.4mm; }
figure svg, figure img { display: block; width: 100%; height: auto; }
figure img { max-height: 90mm; object-fit: contain; object-position: left top; }
figcaption { font-size: 6.8pt; line-height: 1.3; }
.pair figcaption { margin-top: 0.7mm; }
.cautions { list-style: none; }
.cautions li { border-left: 0.8mm solid var(--mark); padding-left: 1.6mm; margin-bottom: 0.5mm; font-size: 7pt;
  line-height: 1.3; }
sup { color: var(--mark); font-weight: 600; line-height: 0; font-size: 0.85em; padding-left: 0.1em; }
table { border-collapse: collapse; width: 100%; margin-bottom: 2.2mm; font-size: 7pt;
  line-height: 1.22; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-size: 8.4pt; font-weight: 600; color: var(--edge); padding-bottom: 0.8mm; }
th, td { text-align: right; vertical-align: top; padding: 0.45mm 0 0.45mm 1mm; }
td { overflow-wrap: normal; }
td.unbroken { white-space: nowrap; }
thead th { border-bottom: 0.3mm solid var(--edge); vertical-align: bottom; font-size: 6.6pt; overflow-wrap: normal; }
tbody tr { border-bottom: 0.15mm solid #D0D5DA; }
th:first-child { text-align: left; padding-left: 0; }
.words { text-align: left; padding-left: 2mm; min-width: 25.5mm; width: 25.5mm; }
small { display: block; font-size: 6pt; font-weight: 400; color: #55606A; }
caption small { display: inline; padding-left: 1.5mm; }
.fine { columns: 3; column-gap: 4.5mm; font-size: 6.2pt; line-height: 1.3; }
.fine h2 { margin-top: 1.3mm; break-after: avoid; }
.fine h2:first-child { margin-top: 0; }
.fine p + p { margin-top: 0.5mm; }
.moved { margin-bottom: 2.4mm; font-size: 7.2pt; }
.moved dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(85mm, 1fr)); column-gap: 4.5mm; }
.moved dl div { display: flex; justify-content: space-between; gap: 3mm; border-bottom: 0.15mm solid #D0D5DA; }
.moved div:has(dd:empty) { grid-column: 1 / -1; }
.moved dd { white-space: nowrap; font-weight: 600; }
footer { border-top: 0.3mm solid var(--edge); margin-top: 1.6mm; padding-top: 0.8mm; font-size: 6.2pt; }
a { color: var(--line); }
@media screen { body { padding: 9mm 0; } }
@media print { .pair, tr { break-inside: avoid; } }
"""
)
