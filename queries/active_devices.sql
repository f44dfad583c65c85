-- Devices that were active in the whole country in each hour of a run of UTC days, to the nearest thousand.
-- Grain: area, UTC day.
-- Param: $first DATE first UTC day
-- Param: $last DATE last UTC day, itself included
-- Returns: area_code the whole; date UTC day; h00 ... h23 devices active in that UTC hour, not calibrated.
SELECT
    area_code,
    date,
    h00,
    h01,
    h02,
    h03,
    h04,
    h05,
    h06,
    h07,
    h08,
    h09,
    h10,
    h11,
    h12,
    h13,
    h14,
    h15,
    h16,
    h17,
    h18,
    h19,
    h20,
    h21,
    h22,
    h23
FROM devices_day
WHERE date BETWEEN $first AND $last
ORDER BY area_code, date
