-- How many trips between areas in a month are withheld, and how sure the rest are, by purpose.
-- Grain: purpose.
-- Param: $month VARCHAR calendar month, YYYY-MM
-- Files: flows_month where month = $month
-- Returns: purpose all, or home_work: from the usual home to the usual place of work; figures figures, withheld ones
--   among them; known those that are not withheld; error median of standard error over figure, of figures above 0,
--   NULL where no standard error is known.
SELECT
    purpose,
    COUNT(*) AS figures,
    COUNT(trips) AS known,
    MEDIAN(se / trips) FILTER (WHERE trips > 0) AS error
FROM flows_month
WHERE month = $month
GROUP BY purpose
ORDER BY purpose
