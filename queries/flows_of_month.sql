-- Trips between areas over the covered days of a month.
-- Grain: origin and destination.
-- Param: $month VARCHAR calendar month, YYYY-MM
-- Param: $purpose VARCHAR all, or home_work: from the usual home to the usual place of work
-- Files: flows_month where month = $month
-- Returns: origin_code area of departure; destination_code area of arrival; trips trips over the days covered, NULL
--   where withheld; days days of the month that are covered; km_total kilometres of these trips in a straight line,
--   NULL where not known; se standard error of trips, NULL where not known.
SELECT
    origin_code,
    destination_code,
    trips,
    days,
    km_total,
    se
FROM flows_month
WHERE
    month = $month
    AND purpose = $purpose
