-- People present in an area in a part of a UTC day, by where they live.
-- Grain: home area.
-- Param: $area VARCHAR code of the area that they are in, of any type
-- Param: $date DATE UTC day
-- Param: $day_part VARCHAR part of the UTC day: night, morning, midday, evening or late
-- Files: home_presence where date = $date
-- Returns: home_area_code area of the usual home; people people present, the mean over the part of the day, NULL where
--   withheld; se standard error of people, NULL where not known.
SELECT
    home_area_code,
    people,
    se
FROM home_presence
WHERE
    area_code = $area
    AND date = $date
    AND day_part = $day_part
ORDER BY people DESC NULLS LAST, home_area_code ASC
