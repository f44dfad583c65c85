-- Factor by which the night estimate of an area was calibrated to its official residents.
-- Grain: area.
-- Returns: area_code area; calibration_factor official residents over the estimate before calibration, NULL where the
--   area was not calibrated.
SELECT
    area_code,
    calibration_factor
FROM precision
WHERE day_part = 'night'
ORDER BY area_code
