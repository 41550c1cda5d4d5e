--@view rfm_segment_names
--@about Names of the segments of the customers, by the scores R and F: one row for each pair. To have others: CREATE TABLE my_names AS TABLE rfm_segment_names, change that, and CREATE OR REPLACE VIEW rfm_segment_names AS TABLE my_names; views that are made again leave it so.
--@column recency_score: R, 1 to 5: customers.recency_score
--@column frequency_score: F, 1 to 5: customers.frequency_score
--@column segment: name of the segment that customers with these scores are in
SELECT recency_score, frequency_score, segment
FROM (VALUES (5, 1, 'New customers'), (5, 2, 'Potential loyalists'), (5, 3, 'Potential loyalists'), (5, 4, 'Champions'), (5, 5, 'Champions'),
             (4, 1, 'Promising'), (4, 2, 'Potential loyalists'), (4, 3, 'Potential loyalists'), (4, 4, 'Loyal customers'), (4, 5, 'Loyal customers'),
             (3, 1, 'About to sleep'), (3, 2, 'About to sleep'), (3, 3, 'Need attention'), (3, 4, 'Loyal customers'), (3, 5, 'Loyal customers'),
             (2, 1, 'Hibernating'), (2, 2, 'Hibernating'), (2, 3, 'At risk'), (2, 4, 'At risk'), (2, 5, 'Cannot lose them'),
             (1, 1, 'Lost'), (1, 2, 'Lost'), (1, 3, 'At risk'), (1, 4, 'At risk'), (1, 5, 'Cannot lose them')) AS n (recency_score, frequency_score, segment)
