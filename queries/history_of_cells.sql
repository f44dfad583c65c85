-- People present in chosen cells in each hour of a run of UTC days.
-- Grain: cell, UTC day.
-- Param: $cells BIGINT[] H3 indexes of the cells, all of that resolution
-- Param: $resolution UTINYINT H3 resolution of the cells
-- Param: $first DATE first UTC day
-- Param: $last DATE last UTC day, itself included
-- Files: present_history where resolution = $resolution
-- Returns: h3 cell; date UTC day; h00 ... h23 people present in that UTC hour, NULL where withheld.
SELECT
    h3,
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
FROM present_history
WHERE
    resolution = $resolution
    AND date BETWEEN $first AND $last
    AND h3 IN (SELECT UNNEST(CAST($cells AS BIGINT[])))
