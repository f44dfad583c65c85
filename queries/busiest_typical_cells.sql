-- The cells of an area with the most people usually present per square kilometre in one local hour of a day type.
-- Grain: cell.
-- Param: $area VARCHAR code of an area of any type; its cells are those of every area inside it
-- Param: $resolution UTINYINT H3 resolution of the cells
-- Param: $period VARCHAR id of a period of the release
-- Param: $day_type VARCHAR id of a day type of the release
-- Param: $hour UTINYINT local hour that begins then, 0 to 23
-- Param: $most BIGINT how many cells at most
-- Files: typical_day where resolution = $resolution and period = $period and day_type = $day_type
-- Returns: h3 cell; people mean people present; dates_used dates in the mean; people_per_km2 people per square
--   kilometre of the whole cell.
WITH RECURSIVE within AS (
    SELECT CAST($area AS VARCHAR) AS area_code
    UNION
    SELECT areas.area_code
    FROM areas
    INNER JOIN within ON areas.parent_code = within.area_code
),

hour_of_cells AS (
    SELECT
        typical_day.h3,
        typical_day.dates_used,
        cells.area_km2,
        CASE $hour
            WHEN 0 THEN typical_day.l00
            WHEN 1 THEN typical_day.l01
            WHEN 2 THEN typical_day.l02
            WHEN 3 THEN typical_day.l03
            WHEN 4 THEN typical_day.l04
            WHEN 5 THEN typical_day.l05
            WHEN 6 THEN typical_day.l06
            WHEN 7 THEN typical_day.l07
            WHEN 8 THEN typical_day.l08
            WHEN 9 THEN typical_day.l09
            WHEN 10 THEN typical_day.l10
            WHEN 11 THEN typical_day.l11
            WHEN 12 THEN typical_day.l12
            WHEN 13 THEN typical_day.l13
            WHEN 14 THEN typical_day.l14
            WHEN 15 THEN typical_day.l15
            WHEN 16 THEN typical_day.l16
            WHEN 17 THEN typical_day.l17
            WHEN 18 THEN typical_day.l18
            WHEN 19 THEN typical_day.l19
            WHEN 20 THEN typical_day.l20
            WHEN 21 THEN typical_day.l21
            WHEN 22 THEN typical_day.l22
            WHEN 23 THEN typical_day.l23
        END AS people
    FROM typical_day
    INNER JOIN cells ON typical_day.h3 = cells.h3
    WHERE
        typical_day.resolution = $resolution
        AND typical_day.period = $period
        AND typical_day.day_type = $day_type
        AND cells.area_code IN (SELECT within.area_code FROM within)
)

SELECT
    h3,
    people,
    dates_used,
    people / area_km2 AS people_per_km2
FROM hour_of_cells
WHERE people IS NOT NULL
ORDER BY people_per_km2 DESC, h3 ASC
LIMIT $most
