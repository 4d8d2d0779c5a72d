-- Earlier compressions that the coefficients show (a survey with --coefficients)
SELECT earlier,
       CASE earlier WHEN 'yes' THEN coalesce(earlier_law || coalesce(' ' || earlier_quality, ''), 'of no known law') END
         AS earlier_table,
       luma_law || coalesce(' ' || luma_quality, '') AS last_table,
       count(*) AS files
FROM files
WHERE earlier IS NOT NULL
GROUP BY ALL
ORDER BY files DESC, earlier, earlier_table, last_table;
