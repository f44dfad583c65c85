-- Places of chosen kinds, for labels and for saying where a cell is.
-- Grain: place.
-- Param: $kinds VARCHAR[] kinds of place, such as city and town
-- Returns: place_id id; place_name name; kind kind; lon longitude in degrees; lat latitude in degrees; population
--   residents, NULL where not known; area_code area it lies in, NULL where not known.
SELECT
    place_id,
    place_name,
    kind,
    lon,
    lat,
    population,
    area_code
FROM places
WHERE kind IN (SELECT UNNEST(CAST($kinds AS VARCHAR[])))
ORDER BY population DESC NULLS LAST, place_name ASC, place_id ASC
