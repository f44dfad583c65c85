-- Visits to an area by country of residence, over all months of the release.
-- Grain: country of residence.
-- Param: $area VARCHAR code of the area
-- Returns: country_of_residence country that issued the SIM; visits visits of any length; withheld how many months and
--   lengths of stay are withheld and lack in the visits.
SELECT
    country_of_residence,
    CAST(COALESCE(SUM(visits), 0) AS BIGINT) AS visits,
    COUNT(*) - COUNT(visits) AS withheld
FROM inbound_month
WHERE
    area_code = $area
    AND country_of_residence NOT IN ('GB', 'XX', 'ZZ')
GROUP BY country_of_residence
ORDER BY country_of_residence
