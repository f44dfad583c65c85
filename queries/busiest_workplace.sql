-- The cell where most people usually work.
-- Grain: cell, at most one.
-- Returns: h3 cell; people people whose usual place of work is there; se standard error in people, NULL where not
--   known.
SELECT
    h3,
    people,
    se
FROM usual_environment
WHERE
    label = 'work'
    AND people IS NOT NULL
ORDER BY people DESC, h3 ASC
LIMIT 1
