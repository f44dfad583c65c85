-- People usually present in one cell in each local hour of a day type, and how much that varies from date to date.
-- Grain: cell.
-- Param: $cell BIGINT H3 index of the cell
-- Param: $resolution UTINYINT H3 resolution of the cells
-- Param: $period VARCHAR id of a period of the release
-- Param: $day_type VARCHAR id of a day type of the release
-- Files: typical_day where resolution = $resolution and period = $period and day_type = $day_type
-- Returns: h3 cell; l00 ... l23 mean people present in that local hour, NULL where withheld or not measured; l00_sd
--   ... l23_sd standard deviation over dates, in people; dates_used dates in the mean.
SELECT
    h3,
    l00,
    l01,
    l02,
    l03,
    l04,
    l05,
    l06,
    l07,
    l08,
    l09,
    l10,
    l11,
    l12,
    l13,
    l14,
    l15,
    l16,
    l17,
    l18,
    l19,
    l20,
    l21,
    l22,
    l23,
    l00_sd,
    l01_sd,
    l02_sd,
    l03_sd,
    l04_sd,
    l05_sd,
    l06_sd,
    l07_sd,
    l08_sd,
    l09_sd,
    l10_sd,
    l11_sd,
    l12_sd,
    l13_sd,
    l14_sd,
    l15_sd,
    l16_sd,
    l17_sd,
    l18_sd,
    l19_sd,
    l20_sd,
    l21_sd,
    l22_sd,
    l23_sd,
    dates_used
FROM typical_day
WHERE
    resolution = $resolution
    AND period = $period
    AND day_type = $day_type
    AND h3 = $cell
