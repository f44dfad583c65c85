-- How many totals of areas are withheld at 13:00 UTC, and how sure the rest are, by month.
-- Grain: month.
-- Returns: calendar_month month, YYYY-MM; dates dates of it that are there; figures totals of areas, withheld ones
--   among them; known those that are not withheld; error median of standard error over total, of totals above 0, NULL
--   where no standard error is known.
SELECT
    STRFTIME(date, '%Y-%m') AS calendar_month,
    COUNT(DISTINCT date) AS dates,
    COUNT(*) AS figures,
    COUNT(people_h13) AS known,
    MEDIAN(se_h13 / people_h13) FILTER (WHERE people_h13 > 0) AS error
FROM area_hour
GROUP BY calendar_month
ORDER BY calendar_month
