-- What is known of one cell, whatever the day.
-- Grain: cell.
-- Param: $h3 BIGINT the cell
-- Returns: h3 cell; area_code local authority or other smallest area; area_km2 area of the whole cell in square
--   kilometres.
SELECT
    h3,
    area_code,
    area_km2
FROM cells
WHERE h3 = $h3
