-- How many cells an area has at each resolution, and how much of it they cover.
-- Grain: resolution.
-- Param: $area VARCHAR code of an area of any type; its cells are those of every area inside it
-- Returns: resolution H3 resolution; cells number of cells; area_km2 area of these whole cells in square kilometres.
WITH RECURSIVE within AS (
    SELECT CAST($area AS VARCHAR) AS area_code
    UNION
    SELECT areas.area_code
    FROM areas
    INNER JOIN within ON areas.parent_code = within.area_code
)

SELECT
    resolution,
    COUNT(*) AS cells,
    SUM(area_km2) AS area_km2
FROM cells
WHERE area_code IN (SELECT within.area_code FROM within)
GROUP BY resolution
ORDER BY resolution
