-- How many visits by area, country and stay in a month are withheld, and how sure the rest are.
-- Grain: one row.
-- Param: $month VARCHAR calendar month, YYYY-MM
-- Files: inbound_month where month = $month
-- Returns: figures figures, withheld ones among them; known those that are not withheld; error median of standard
--   error over figure, of figures above 0, NULL where no standard error is known.
SELECT
    COUNT(*) AS figures,
    COUNT(visits) AS known,
    MEDIAN(se / visits) FILTER (WHERE visits > 0) AS error
FROM inbound_month
WHERE month = $month
