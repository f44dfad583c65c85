-- The country of residence with most visits to an area in the latest month, of those with no length of stay withheld.
-- Grain: country of residence, at most one row.
-- Param: $area VARCHAR code of the area
-- Returns: month calendar month, YYYY-MM; country_of_residence country that issued the SIM; visits visits of any
--   length; se standard error of visits, NULL where not known: the sum of those of the lengths of stay, its upper
--   limit, for they share the uncertainty of the operators' shares.
SELECT
    month,
    country_of_residence,
    CAST(SUM(visits) AS BIGINT) AS visits,
    CASE WHEN COUNT(se) = COUNT(*) THEN SUM(se) END AS se
FROM inbound_month
WHERE
    area_code = $area
    AND country_of_residence NOT IN ('GB', 'XX', 'ZZ')
    AND month = (SELECT MAX(latest.month) FROM inbound_month AS latest)
GROUP BY month, country_of_residence
HAVING COUNT(visits) = COUNT(*)
ORDER BY visits DESC, country_of_residence ASC
LIMIT 1
