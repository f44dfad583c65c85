-- Measured quality of the whole release, of its areas and of its dates.
-- Grain: metric, area, UTC day.
-- Returns: metric what is measured; area_code area, NULL for all; date UTC day, NULL for all; value figure, in the
--   unit that the note names; lower lower limit, NULL where not known; upper upper limit, NULL where not known; note
--   what it means.
SELECT
    metric,
    area_code,
    date,
    value,
    lower,
    upper,
    note
FROM quality
ORDER BY metric, area_code NULLS FIRST, date NULLS FIRST
