-- What the precision of figures is worked out from, for an area and every area inside it.
-- Grain: area, part of the UTC day.
-- Param: $area VARCHAR code of an area of any type; every area inside it is given too
-- Returns: area_code area; day_part part of the UTC day; coverage_p share of people whom the operators together
--   observe, 0 to 1; over_dispersion variance of a count over the binomial one; share_cv coefficient of variation of
--   the share observed; calibration_factor calibrated figure over plain ratio figure, NULL where not known;
--   placement_cv relative error of a square kilometre with few people; placement_density people per square kilometre
--   at which it has fallen to half; placement_power how fast it falls with density; placement_floor what is left of it
--   where people are many; placement_decay power of the area with which it falls.
WITH RECURSIVE within AS (
    SELECT CAST($area AS VARCHAR) AS area_code
    UNION
    SELECT areas.area_code
    FROM areas
    INNER JOIN within ON areas.parent_code = within.area_code
)

SELECT
    area_code,
    day_part,
    coverage_p,
    over_dispersion,
    share_cv,
    calibration_factor,
    placement_cv,
    placement_density,
    placement_power,
    placement_floor,
    placement_decay
FROM precision
WHERE area_code IN (SELECT within.area_code FROM within)
ORDER BY area_code, day_part
