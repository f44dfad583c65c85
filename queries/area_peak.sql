-- The hour with the most people present in an area.
-- Grain: the one hour, the earliest where several are equal; no row where every hour is withheld.
-- Param: $area VARCHAR code of the area
-- Param: $first DATE first UTC day
-- Param: $last DATE last UTC day, itself included
-- Returns: date UTC day; hour_utc UTC hour that begins then, 0 to 23; people people present; se standard error in
--   people, NULL where not known.
WITH hours AS (
    SELECT
        date,
        UNNEST(RANGE(24)) AS hour_utc,
        UNNEST([
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
            people_h23
        ]) AS people,
        UNNEST([
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
        ]) AS se
    FROM area_hour
    WHERE
        area_code = $area
        AND date BETWEEN $first AND $last
)

SELECT
    date,
    hour_utc,
    people,
    se
FROM hours
WHERE people IS NOT NULL
ORDER BY people DESC, date ASC, hour_utc ASC
LIMIT 1
