-- What is known of each cell of an area that lies in a view, whatever the day.
-- Grain: cell.
-- Param: $area VARCHAR code of an area of any type; its cells are those of every area inside it
-- Param: $resolution UTINYINT H3 resolution of the cells
-- Param: $parents BIGINT[] coarser cells that cover the view, in the hierarchy of indexes
-- Param: $parent_resolution UTINYINT their resolution, not finer than that of the cells
-- Returns: h3 cell; area_code local authority or other smallest area; area_km2 area of the whole cell in square
--   kilometres; land_share share of it that is land, 0 to 1; residents usual residents, NULL where not known;
--   place_type kind of place, NULL where not known.
WITH RECURSIVE within AS (
    SELECT CAST($area AS VARCHAR) AS area_code
    UNION
    SELECT areas.area_code
    FROM areas
    INNER JOIN within ON areas.parent_code = within.area_code
)

SELECT
    h3,
    area_code,
    area_km2,
    land_share,
    residents,
    place_type
FROM cells
WHERE
    resolution = $resolution
    AND area_code IN (SELECT within.area_code FROM within)
    AND (
        ((h3 & 9155818042444218367) | (CAST($parent_resolution AS BIGINT) << 52))
        | ((CAST(1 AS BIGINT) << (3 * (15 - $parent_resolution))) - 1)
    ) IN (SELECT UNNEST(CAST($parents AS BIGINT[])))
ORDER BY h3
