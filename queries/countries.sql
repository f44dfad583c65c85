-- Countries of residence that visitors may come from.
-- Grain: country.
-- Returns: country_code ISO 3166-1 alpha-2; alpha3 ISO 3166-1 alpha-3, NULL where not known; country_name name;
--   world_region part of the world, NULL where not known; centre_lon longitude of its centre in degrees, NULL where not
--   known; centre_lat latitude in degrees, NULL where not known.
SELECT
    country_code,
    alpha3,
    country_name,
    world_region,
    centre_lon,
    centre_lat
FROM countries
ORDER BY country_code
