-- Earlier compressions that the coefficients show (a survey with --coefficients)
SELECT earlier,
       earlier_law || coalesce(' ' || earlier_quality, '') AS earlier_table,
       luma_law || coalesce(' ' || luma_quality, '') AS last_table,
       count(*) AS files
FROM files
WHERE earlier IS NOT NULL
GROUP BY ALL
ORDER BY files DESC, earlier, earlier_table, last_table;
