-- People usually present in each cell of an area that lies in a view, in each local hour of a day type.
-- Grain: cell.
-- Param: $area VARCHAR code of an area of any type; its cells are those of every area inside it
-- Param: $resolution UTINYINT H3 resolution of the cells
-- Param: $parents BIGINT[] coarser cells that cover the view, in the hierarchy of indexes
-- Param: $parent_resolution UTINYINT their resolution, not finer than that of the cells
-- Param: $period VARCHAR id of a period of the release
-- Param: $day_type VARCHAR id of a day type of the release
-- Files: typical_day where resolution = $resolution and period = $period and day_type = $day_type
-- Returns: h3 cell; l00 ... l23 mean people present in that local hour, NULL where withheld or not measured;
--   dates_used dates in the mean.
WITH RECURSIVE within AS (
    SELECT CAST($area AS VARCHAR) AS area_code
    UNION
    SELECT areas.area_code
    FROM areas
    INNER JOIN within ON areas.parent_code = within.area_code
)

SELECT
    h3,
    l00,
    l01,
    l02,
    l03,
    l04,
    l05,
    l06,
    l07,
    l08,
    l09,
    l10,
    l11,
    l12,
    l13,
    l14,
    l15,
    l16,
    l17,
    l18,
    l19,
    l20,
    l21,
    l22,
    l23,
    dates_used
FROM typical_day
WHERE
    resolution = $resolution
    AND period = $period
    AND day_type = $day_type
    AND h3 IN (
        SELECT cells.h3
        FROM cells
        WHERE
            cells.resolution = $resolution
            AND cells.area_code IN (SELECT within.area_code FROM within)
            AND (
                ((cells.h3 & 9155818042444218367) | (CAST($parent_resolution AS BIGINT) << 52))
                | ((CAST(1 AS BIGINT) << (3 * (15 - $parent_resolution))) - 1)
            ) IN (SELECT UNNEST(CAST($parents AS BIGINT[])))
    )
