-- Visits to an area in a month and nights spent there, by country of residence, residents of the country left out.
-- Grain: country of residence.
-- Param: $area VARCHAR code of the area
-- Param: $month VARCHAR calendar month, YYYY-MM
-- Files: inbound_month where month = $month
-- Returns: country_of_residence country that issued the SIM, XX unknown and ZZ several; visits visits of the lengths
--   of stay that are not withheld; nights nights of these; stays_withheld lengths of stay that are withheld, and so
--   not in the sums.
SELECT
    country_of_residence,
    CAST(SUM(visits) AS BIGINT) AS visits,
    CAST(SUM(nights) AS BIGINT) AS nights,
    COUNT(*) - COUNT(visits) AS stays_withheld
FROM inbound_month
WHERE
    month = $month
    AND area_code = $area
    AND country_of_residence <> 'GB'
GROUP BY country_of_residence
ORDER BY nights DESC NULLS LAST, country_of_residence ASC
