-- Tables that no law known here gives, the commonest first
SELECT array_to_string(luma_steps[1:8], ' ') || ' ...' AS first_row,
       luma_law || coalesce(' ' || luma_quality, '') AS nearest,
       round(any_value(luma_residual), 3) AS off_a_step,
       count(*) AS files,
       min(path) AS example
FROM files
WHERE NOT luma_exact
GROUP BY luma_steps, luma_law, luma_quality
ORDER BY files DESC, example
LIMIT 50;
