-- The largest flow from usual home to usual work between two different areas, in the month with most days covered.
-- Grain: origin and destination, at most one row.
-- Returns: month calendar month, YYYY-MM; origin_code area of departure; destination_code area of arrival; trips trips
--   over the days covered; days days of the month that are covered; se standard error of trips, NULL where not known.
SELECT
    month,
    origin_code,
    destination_code,
    trips,
    days,
    se
FROM flows_month
WHERE
    purpose = 'home_work'
    AND origin_code <> destination_code
    AND trips IS NOT NULL
    AND month = (
        SELECT covered.month
        FROM flows_month AS covered
        GROUP BY covered.month
        ORDER BY MAX(covered.days) DESC, covered.month DESC
        LIMIT 1
    )
ORDER BY trips DESC, origin_code ASC, destination_code ASC
LIMIT 1
