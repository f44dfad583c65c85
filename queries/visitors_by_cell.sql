-- Visitors from abroad present on average in the cells of an area, by country of residence and part of the day.
-- Grain: cell, country of residence, part of the day.
-- Param: $area VARCHAR code of an area of any type; its cells are those of every area inside it
-- Param: $month VARCHAR calendar month, YYYY-MM
-- Files: inbound_cell_month where month = $month
-- Returns: h3 cell; country_of_residence country that issued the SIM, XX unknown, ZZ several grouped; day_part part of
--   the UTC day: night 00-06, morning 06-10, midday 10-16, evening 16-20 or late 20-24; people people present, NULL
--   withheld; se standard error of people, NULL where withheld or not known.
WITH RECURSIVE within AS (
    SELECT CAST($area AS VARCHAR) AS area_code
    UNION
    SELECT areas.area_code
    FROM areas
    INNER JOIN within ON areas.parent_code = within.area_code
),

inside AS (
    SELECT cells.h3
    FROM cells
    WHERE cells.area_code IN (SELECT within.area_code FROM within)
)

SELECT
    h3,
    country_of_residence,
    day_part,
    people,
    se
FROM inbound_cell_month
WHERE
    month = $month
    AND h3 IN (SELECT inside.h3 FROM inside)
ORDER BY h3, country_of_residence, day_part
