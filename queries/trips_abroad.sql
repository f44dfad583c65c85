-- Trips abroad of the residents of an area in a month, by home authority and country.
-- Grain: home area, country.
-- Param: $area VARCHAR code of an area of any type; its residents are those of every area inside it
-- Param: $month VARCHAR calendar month, YYYY-MM
-- Files: outbound_month where month = $month
-- Returns: home_area_code usual home; country country visited, ISO 3166-1 alpha-2; trips trips, NULL withheld; nights
--   nights spent abroad, NULL withheld; se standard error of trips, NULL where withheld or not known.
WITH RECURSIVE within AS (
    SELECT CAST($area AS VARCHAR) AS area_code
    UNION
    SELECT areas.area_code
    FROM areas
    INNER JOIN within ON areas.parent_code = within.area_code
)

SELECT
    home_area_code,
    country,
    trips,
    nights,
    se
FROM outbound_month
WHERE
    month = $month
    AND home_area_code IN (SELECT within.area_code FROM within)
ORDER BY home_area_code, country
