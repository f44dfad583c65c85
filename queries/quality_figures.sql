-- Measured quality of the release: every metric, of the whole, by area or by date.
-- Grain: metric, area or date.
-- Returns: metric name; area_code area, NULL where the metric is not by area; date date, NULL where it is not by date;
--   value value, as the note says; lower lower 95 % limit, NULL where not known; upper upper 95 % limit, NULL where not
--   known; note what it means.
SELECT
    metric,
    area_code,
    date,
    value,
    lower,
    upper,
    note
FROM quality
ORDER BY metric, area_code, date
