-- Countries of residence of the visitors to an area over all months, the most frequent first.
-- Grain: country of residence.
-- Param: $area VARCHAR code of the area
-- Returns: country_of_residence country that issued the SIM, GB for residents' own trips, XX unknown, ZZ several
--   grouped; visits visits that are not withheld, for the order only.
SELECT
    country_of_residence,
    CAST(COALESCE(SUM(visits), 0) AS BIGINT) AS visits
FROM inbound_month
WHERE area_code = $area
GROUP BY country_of_residence
ORDER BY visits DESC, country_of_residence ASC
