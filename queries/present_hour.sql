-- People present in every cell of the release in one hour.
-- Grain: cell.
-- Param: $resolution UTINYINT H3 resolution of the cells
-- Param: $date DATE UTC day
-- Param: $hour UTINYINT UTC hour that begins then, 0 to 23
-- Files: present where resolution = $resolution and date = $date
-- Returns: h3 cell; people people present, NULL where withheld.
SELECT
    h3,
    CASE $hour
        WHEN 0 THEN h00
        WHEN 1 THEN h01
        WHEN 2 THEN h02
        WHEN 3 THEN h03
        WHEN 4 THEN h04
        WHEN 5 THEN h05
        WHEN 6 THEN h06
        WHEN 7 THEN h07
        WHEN 8 THEN h08
        WHEN 9 THEN h09
        WHEN 10 THEN h10
        WHEN 11 THEN h11
        WHEN 12 THEN h12
        WHEN 13 THEN h13
        WHEN 14 THEN h14
        WHEN 15 THEN h15
        WHEN 16 THEN h16
        WHEN 17 THEN h17
        WHEN 18 THEN h18
        WHEN 19 THEN h19
        WHEN 20 THEN h20
        WHEN 21 THEN h21
        WHEN 22 THEN h22
        WHEN 23 THEN h23
    END AS people
FROM present
WHERE
    resolution = $resolution
    AND date = $date
