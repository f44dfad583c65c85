-- People usually present in an area, and in every area inside it, in each local hour of a day type.
-- Grain: area.
-- Param: $area VARCHAR code of an area of any type; every area inside it is given too
-- Param: $period VARCHAR id of a period of the release
-- Param: $day_type VARCHAR id of a day type of the release
-- Files: typical_area where period = $period and day_type = $day_type
-- Returns: area_code area; people_l00 ... people_l23 mean people present in that local hour, NULL where withheld or
--   not measured; se_l00 ... se_l23 standard error of that mean in people, NULL where not known; dates_used dates in
--   the mean.
WITH RECURSIVE within AS (
    SELECT CAST($area AS VARCHAR) AS area_code
    UNION
    SELECT areas.area_code
    FROM areas
    INNER JOIN within ON areas.parent_code = within.area_code
)

SELECT
    area_code,
    people_l00,
    people_l01,
    people_l02,
    people_l03,
    people_l04,
    people_l05,
    people_l06,
    people_l07,
    people_l08,
    people_l09,
    people_l10,
    people_l11,
    people_l12,
    people_l13,
    people_l14,
    people_l15,
    people_l16,
    people_l17,
    people_l18,
    people_l19,
    people_l20,
    people_l21,
    people_l22,
    people_l23,
    se_l00,
    se_l01,
    se_l02,
    se_l03,
    se_l04,
    se_l05,
    se_l06,
    se_l07,
    se_l08,
    se_l09,
    se_l10,
    se_l11,
    se_l12,
    se_l13,
    se_l14,
    se_l15,
    se_l16,
    se_l17,
    se_l18,
    se_l19,
    se_l20,
    se_l21,
    se_l22,
    se_l23,
    dates_used
FROM typical_area
WHERE
    period = $period
    AND day_type = $day_type
    AND area_code IN (SELECT within.area_code FROM within)
ORDER BY area_code
