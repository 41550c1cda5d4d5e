--@view rfm_thresholds
--@about Thresholds of the scores. None are kept, and those of today are taken, unless you have put others here: CREATE TABLE my_thresholds AS TABLE rfm_quintiles; CREATE OR REPLACE VIEW rfm_thresholds AS TABLE my_thresholds. A score then means the same next month; views that are made again leave it so.
--@column metric: recency (days since the last order), frequency (orders) or monetary (revenue)
--@column p20: a value at or below it is in the first fifth: score 1, or 5 for recency
--@column p40: a value at or below it, and above p20, is in the second fifth
--@column p60: a value at or below it, and above p40, is in the third fifth
--@column p80: a value at or below it, and above p60, is in the fourth fifth; above it, in the last
SELECT NULL::text AS metric, NULL::float8 AS p20, NULL::float8 AS p40, NULL::float8 AS p60, NULL::float8 AS p80
WHERE false
