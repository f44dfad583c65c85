-- The cells of an area with the most people present per square kilometre in one hour.
-- Grain: cell.
-- Param: $area VARCHAR code of an area of any type; its cells are those of every area inside it
-- Param: $resolution UTINYINT H3 resolution of the cells
-- Param: $date DATE UTC day
-- Param: $hour UTINYINT UTC hour that begins then, 0 to 23
-- Param: $most BIGINT how many cells at most
-- Files: present where resolution = $resolution and date = $date
-- Returns: h3 cell; people people present; people_per_km2 people per square kilometre of the whole cell.
WITH RECURSIVE within AS (
    SELECT CAST($area AS VARCHAR) AS area_code
    UNION
    SELECT areas.area_code
    FROM areas
    INNER JOIN within ON areas.parent_code = within.area_code
),

hour_of_cells AS (
    SELECT
        present.h3,
        cells.area_km2,
        CASE $hour
            WHEN 0 THEN present.h00
            WHEN 1 THEN present.h01
            WHEN 2 THEN present.h02
            WHEN 3 THEN present.h03
            WHEN 4 THEN present.h04
            WHEN 5 THEN present.h05
            WHEN 6 THEN present.h06
            WHEN 7 THEN present.h07
            WHEN 8 THEN present.h08
            WHEN 9 THEN present.h09
            WHEN 10 THEN present.h10
            WHEN 11 THEN present.h11
            WHEN 12 THEN present.h12
            WHEN 13 THEN present.h13
            WHEN 14 THEN present.h14
            WHEN 15 THEN present.h15
            WHEN 16 THEN present.h16
            WHEN 17 THEN present.h17
            WHEN 18 THEN present.h18
            WHEN 19 THEN present.h19
            WHEN 20 THEN present.h20
            WHEN 21 THEN present.h21
            WHEN 22 THEN present.h22
            WHEN 23 THEN present.h23
        END AS people
    FROM present
    INNER JOIN cells ON present.h3 = cells.h3
    WHERE
        present.resolution = $resolution
        AND present.date = $date
        AND cells.area_code IN (SELECT within.area_code FROM within)
)

SELECT
    h3,
    people,
    people / area_km2 AS people_per_km2
FROM hour_of_cells
WHERE people IS NOT NULL
ORDER BY people_per_km2 DESC, h3 ASC
LIMIT $most
