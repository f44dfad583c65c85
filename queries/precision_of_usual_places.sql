-- How many people by cell of usual home or work are withheld, and how sure the rest are.
-- Grain: label.
-- Returns: label home, or work; figures figures, withheld ones among them; known those that are not withheld;
--   with_days cells of which the mean days a week there are known; error median of standard error over figure, of
--   figures above 0, NULL where no standard error is known.
SELECT
    label,
    COUNT(*) AS figures,
    COUNT(people) AS known,
    COUNT(days_per_week_mean) AS with_days,
    MEDIAN(se / people) FILTER (WHERE people > 0) AS error
FROM usual_environment
GROUP BY label
ORDER BY label
