-- Outlines of the areas of one type.
-- Grain: area.
-- Param: $area_type VARCHAR type of area, as the manifest names it
-- Returns: area_code code; area_name name; geometry outline as well-known binary, longitude and latitude in degrees.
SELECT
    area_code,
    area_name,
    geometry
FROM areas
WHERE
    area_type = $area_type
    AND geometry IS NOT NULL
ORDER BY area_code
