-- Trips between areas in each hour of a UTC day.
-- Grain: origin and destination.
-- Param: $date DATE UTC day
-- Param: $purpose VARCHAR all, or home_work: from the usual home to the usual place of work
-- Files: flows_day where date = $date
-- Returns: origin_code area of departure; destination_code area of arrival; h00 ... h23 trips that depart in that UTC
--   hour, NULL where withheld; trips trips of the day, from the total before hours were withheld, NULL where withheld;
--   km_total kilometres of these trips in a straight line, NULL where not known; se standard error of trips, NULL
--   where not known.
SELECT
    origin_code,
    destination_code,
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
    h23,
    trips,
    km_total,
    se
FROM flows_day
WHERE
    date = $date
    AND purpose = $purpose
