-- Every area of the release, without its outline.
-- Grain: area.
-- Returns: area_code code; area_name name; area_type type, as the manifest names it; parent_code the area around it,
--   NULL for the whole; residents usual residents, NULL where not known; centre_lon longitude of its centre in
--   degrees; centre_lat latitude in degrees; area_km2 area in square kilometres, NULL where not known.
SELECT
    area_code,
    area_name,
    area_type,
    parent_code,
    residents,
    centre_lon,
    centre_lat,
    area_km2
FROM areas
ORDER BY area_name, area_code
