-- Commuting between authorities in the release, beside the people whom the census counted.
-- Grain: origin and destination, those that either has.
-- Returns: people usual residents in employment whom the census counted, NULL where it does not give the pair;
--   origin_code area of the usual home; destination_code area of the usual work; trips_per_day mean trips from home to
--   work a covered day, weekends among them, 0 where none was observed, NULL where withheld.
WITH modelled AS (
    SELECT
        origin_code,
        destination_code,
        SUM(trips) / NULLIF(SUM(days) FILTER (WHERE trips IS NOT NULL), 0) AS trips_per_day
    FROM flows_month
    WHERE purpose = 'home_work'
    GROUP BY origin_code, destination_code
)

SELECT
    official_commuting.people,
    COALESCE(modelled.origin_code, official_commuting.origin_code) AS origin_code,
    COALESCE(modelled.destination_code, official_commuting.destination_code) AS destination_code,
    CASE WHEN modelled.origin_code IS NULL THEN 0 ELSE modelled.trips_per_day END AS trips_per_day
FROM modelled
FULL JOIN official_commuting
    ON
        modelled.origin_code = official_commuting.origin_code
        AND modelled.destination_code = official_commuting.destination_code
ORDER BY origin_code, destination_code
