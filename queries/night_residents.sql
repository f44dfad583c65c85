-- People usually present at 03:00 local time in every area of a type, beside its usual residents.
-- Grain: area.
-- Param: $kind VARCHAR type of area, as the manifest names it
-- Returns: area_code area; area_name name; residents usual residents, NULL where not known; people mean people present
--   from 03:00 to 04:00 local time over all days, NULL where withheld on all day types.
SELECT
    areas.area_code,
    areas.area_name,
    areas.residents,
    SUM(typical_area.people_l03 * COALESCE(typical_area.dates_used, 1))
    / NULLIF(SUM(COALESCE(typical_area.dates_used, 1)) FILTER (WHERE typical_area.people_l03 IS NOT NULL), 0) AS people
FROM areas
INNER JOIN typical_area ON areas.area_code = typical_area.area_code
WHERE areas.area_type = $kind
GROUP BY areas.area_code, areas.area_name, areas.residents
ORDER BY areas.area_code
