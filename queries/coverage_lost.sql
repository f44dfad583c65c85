-- Where and when a part of a network was down.
-- Grain: cell that was touched, hour.
-- Returns: h3_parent cell that was touched; hour_utc UTC hour that begins then; share_lost part of the share of people
--   observed that was lost, all operators together, 0 to 1.
SELECT
    h3_parent,
    hour_utc,
    share_lost
FROM coverage
ORDER BY hour_utc, h3_parent
