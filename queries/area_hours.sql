-- People present in an area, and in every area inside it, in each hour of one or more UTC days.
-- Grain: area, UTC day.
-- Param: $area VARCHAR code of an area of any type; every area inside it is given too
-- Param: $first DATE first UTC day
-- Param: $last DATE last UTC day, itself included
-- Returns: area_code area; date UTC day; people_h00 ... people_h23 people present in that UTC hour, NULL where
--   withheld; se_h00 ... se_h23 standard error of that figure in people, NULL where not known.
WITH RECURSIVE within AS (
    SELECT CAST($area AS VARCHAR) AS area_code
    UNION
    SELECT areas.area_code
    FROM areas
    INNER JOIN within ON areas.parent_code = within.area_code
)

SELECT
    area_code,
    date,
    people_h00,
    people_h01,
    people_h02,
    people_h03,
    people_h04,
    people_h05,
    people_h06,
    people_h07,
    people_h08,
    people_h09,
    people_h10,
    people_h11,
    people_h12,
    people_h13,
    people_h14,
    people_h15,
    people_h16,
    people_h17,
    people_h18,
    people_h19,
    people_h20,
    people_h21,
    people_h22,
    people_h23,
    se_h00,
    se_h01,
    se_h02,
    se_h03,
    se_h04,
    se_h05,
    se_h06,
    se_h07,
    se_h08,
    se_h09,
    se_h10,
    se_h11,
    se_h12,
    se_h13,
    se_h14,
    se_h15,
    se_h16,
    se_h17,
    se_h18,
    se_h19,
    se_h20,
    se_h21,
    se_h22,
    se_h23
FROM area_hour
WHERE
    date BETWEEN $first AND $last
    AND area_code IN (SELECT within.area_code FROM within)
ORDER BY area_code, date
