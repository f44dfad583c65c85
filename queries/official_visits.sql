-- Visits to an area as the official survey estimates them, by country of residence and period.
-- Grain: period, country of residence.
-- Param: $area VARCHAR code of the area
-- Returns: period year YYYY, month YYYY-MM or quarter YYYY-Qn; country_of_residence ISO 3166-1 alpha-2, or WORLD for
--   all; visits visits of any length; relative_ci95 half of the 95 % interval over the figure, NULL where it is not
--   published.
SELECT
    period,
    country_of_residence,
    visits,
    relative_ci95
FROM official_visits
WHERE area_code = $area
ORDER BY period, country_of_residence
