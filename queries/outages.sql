-- Hours in which part of a network was down, with the share of people who could not be seen.
-- Grain: cell, hour.
-- Param: $first DATE first UTC day
-- Param: $last DATE last UTC day, itself included
-- Returns: h3_parent cell inside which it was down, of any resolution; hour_utc hour that begins then; share_lost
--   share of the people usually seen, all operators together, 0 to 1.
SELECT
    h3_parent,
    hour_utc,
    share_lost
FROM coverage
WHERE CAST(hour_utc AS DATE) BETWEEN $first AND $last
ORDER BY hour_utc, h3_parent
