-- People present in each cell of an area that lies in a view, in each hour of a run of UTC days.
-- Grain: cell, UTC day.
-- Param: $area VARCHAR code of an area of any type; its cells are those of every area inside it
-- Param: $resolution UTINYINT H3 resolution of the cells
-- Param: $parents BIGINT[] coarser cells that cover the view, in the hierarchy of indexes
-- Param: $parent_resolution UTINYINT their resolution, not finer than that of the cells
-- Param: $first DATE first UTC day
-- Param: $last DATE last UTC day, itself included
-- Files: present_history where resolution = $resolution
-- Returns: h3 cell; date UTC day; h00 ... h23 people present in that UTC hour, NULL where withheld.
WITH RECURSIVE within AS (
    SELECT CAST($area AS VARCHAR) AS area_code
    UNION
    SELECT areas.area_code
    FROM areas
    INNER JOIN within ON areas.parent_code = within.area_code
)

SELECT
    h3,
    date,
    h00,
    h01,
    h02,
    h03,
    h04,
    h05,
    h06,
    h07,
    h08,
    h09,
    h10,
    h11,
    h12,
    h13,
    h14,
    h15,
    h16,
    h17,
    h18,
    h19,
    h20,
    h21,
    h22,
    h23
FROM present_history
WHERE
    resolution = $resolution
    AND date BETWEEN $first AND $last
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
