"""What people keep: themes marked, evidence, scores, weights, shortlists, costs, briefings, and who changed what.

`upgrade` makes the database ready, `Record` reads and writes it; `open_record` does both from a URL. The items are
plain values; what two people change at once is a `ConflictError` that carries both, and nothing is lost.
"""

from cellcount.record.checks import checked, name_of_person
from cellcount.record.errors import ConflictError, RecordUnavailableError, RefusedError
from cellcount.record.items import (
    KINDS,
    Appraisal,
    Briefing,
    Change,
    Chosen,
    CostLine,
    Figure,
    Gate,
    Item,
    KeptTheme,
    Order,
    Overrule,
    Pin,
    Query,
    Score,
    Shortlist,
    Slide,
    Weight,
    key,
)
from cellcount.record.keeping import Record, open_record
from cellcount.record.opening import database_url, default_url, upgrade
from cellcount.record.transfer import Differing, Imported

__all__ = [
    "KINDS",
    "Appraisal",
    "Briefing",
    "Change",
    "Chosen",
    "ConflictError",
    "CostLine",
    "Differing",
    "Figure",
    "Gate",
    "Imported",
    "Item",
    "KeptTheme",
    "Order",
    "Overrule",
    "Pin",
    "Query",
    "Record",
    "RecordUnavailableError",
    "RefusedError",
    "Score",
    "Shortlist",
    "Slide",
    "Weight",
    "checked",
    "database_url",
    "default_url",
    "key",
    "name_of_person",
    "open_record",
    "upgrade",
]
