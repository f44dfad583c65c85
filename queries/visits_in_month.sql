-- Visits to every area in a month by country of residence and length of stay, with what is said of them.
-- Grain: area, country of residence, length of stay.
-- Param: $month VARCHAR calendar month, YYYY-MM
-- Files: inbound_month where month = $month
-- Returns: area_code area visited; country_of_residence country that issued the SIM, GB for residents' own trips, XX
--   unknown, ZZ several grouped; stay length of stay in nights: same_day, 1, 2-3, 4-7 or 8+; visits visits, NULL
--   withheld; nights nights spent, NULL withheld; repeat_visits visits by devices seen before in twelve months, NULL
--   withheld or not supplied; main_destination_visits visits that spend most nights in the area, NULL withheld or not
--   supplied; secondary_destination_visits visits to which it is a secondary destination, NULL withheld or not
--   supplied; transit_visits visits that pass through, NULL withheld or not supplied; se standard error of visits, NULL
--   where withheld or not known.
SELECT
    area_code,
    country_of_residence,
    stay,
    visits,
    nights,
    repeat_visits,
    main_destination_visits,
    secondary_destination_visits,
    transit_visits,
    se
FROM inbound_month
WHERE month = $month
ORDER BY area_code, country_of_residence, stay
