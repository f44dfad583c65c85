-- How many trips between areas on a day are withheld, and how sure the rest are, by purpose.
-- Grain: purpose.
-- Param: $date DATE UTC day
-- Files: flows_day where date = $date
-- Returns: purpose all, or home_work: from the usual home to the usual place of work; figures figures, withheld ones
--   among them; known those that are not withheld; error median of standard error over figure, of figures above 0,
--   NULL where no standard error is known.
SELECT
    purpose,
    COUNT(*) AS figures,
    COUNT(trips) AS known,
    MEDIAN(se / trips) FILTER (WHERE trips > 0) AS error
FROM flows_day
WHERE date = $date
GROUP BY purpose
ORDER BY purpose
