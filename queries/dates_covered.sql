-- How many cells the release covers on each date, by resolution.
-- Grain: resolution, UTC day.
-- Returns: resolution H3 resolution; date UTC day; cells number of cells with a row.
SELECT
    resolution,
    date,
    COUNT(*) AS cells
FROM present
GROUP BY resolution, date
ORDER BY resolution, date
