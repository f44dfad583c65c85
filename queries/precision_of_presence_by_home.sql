-- How many people by area, home and part of a day are withheld, and how sure the rest are.
-- Grain: one row.
-- Param: $date DATE UTC day
-- Files: home_presence where date = $date
-- Returns: figures figures, withheld ones among them; known those that are not withheld; error median of standard
--   error over figure, of figures above 0, NULL where no standard error is known.
SELECT
    COUNT(*) AS figures,
    COUNT(people) AS known,
    MEDIAN(se / people) FILTER (WHERE people > 0) AS error
FROM home_presence
WHERE date = $date
