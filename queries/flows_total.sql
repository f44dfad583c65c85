-- Trips of a UTC day between and within all areas, of the pairs of areas that are not withheld.
-- Grain: the one day.
-- Param: $date DATE UTC day
-- Param: $purpose VARCHAR all, or home_work for trips from the usual home to the usual place of work
-- Files: flows_day where date = $date
-- Returns: trips trips, NULL where there is none to show; km kilometres travelled; se standard error of trips, NULL
--   where that of a pair is not known; pairs pairs of areas; pairs_withheld how many of these are withheld, and so not
--   in the sum.
SELECT
    CAST(SUM(trips) AS BIGINT) AS trips,
    SUM(km_total) AS km,
    CASE WHEN COUNT(se) = COUNT(trips) THEN SQRT(SUM(se * se)) END AS se,
    COUNT(*) AS pairs,
    COUNT(*) - COUNT(trips) AS pairs_withheld
FROM flows_day
WHERE
    date = $date
    AND purpose = $purpose
