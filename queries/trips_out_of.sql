-- Trips out of chosen areas on each of a run of UTC days, by where they go.
-- Grain: UTC day, destination.
-- Param: $areas VARCHAR[] codes of the areas of departure
-- Param: $first DATE first UTC day
-- Param: $last DATE last UTC day, itself included
-- Files: flows_day where date between $first and $last
-- Returns: date UTC day; destination_code area of arrival, none of those of departure; trips trips of the day, those
--   that are withheld left out; withheld pairs that are; variance sum of the squares of the standard errors, NULL where
--   one of them is not known.
SELECT
    date,
    destination_code,
    SUM(trips) AS trips,
    COUNT(*) FILTER (WHERE trips IS NULL) AS withheld,
    CASE WHEN COUNT(se) = COUNT(trips) THEN SUM(se * se) END AS variance
FROM flows_day
WHERE
    date BETWEEN $first AND $last
    AND purpose = 'all'
    AND origin_code IN (SELECT UNNEST(CAST($areas AS VARCHAR[])))
    AND destination_code NOT IN (SELECT UNNEST(CAST($areas AS VARCHAR[])))
GROUP BY date, destination_code
ORDER BY date, destination_code
