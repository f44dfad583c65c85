-- The areas that most trips of a UTC day go to from other areas.
-- Grain: destination.
-- Param: $date DATE UTC day
-- Param: $purpose VARCHAR all, or home_work for trips from the usual home to the usual place of work
-- Param: $most BIGINT how many destinations at most
-- Files: flows_day where date = $date
-- Returns: destination_code area; trips trips from the other areas that are not withheld; origins other areas that
--   trips come from; origins_withheld how many of these are withheld, and so not in the sum.
SELECT
    destination_code,
    CAST(SUM(trips) AS BIGINT) AS trips,
    COUNT(*) AS origins,
    COUNT(*) - COUNT(trips) AS origins_withheld
FROM flows_day
WHERE
    date = $date
    AND purpose = $purpose
    AND origin_code <> destination_code
GROUP BY destination_code
HAVING COUNT(trips) > 0
ORDER BY trips DESC, destination_code ASC
LIMIT $most
