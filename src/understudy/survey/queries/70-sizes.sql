-- The commonest longest sides: what a platform resizes to
SELECT greatest(width, height) AS longest_side, count(*) AS files, median(bytes)::BIGINT AS median_bytes
FROM files
WHERE width IS NOT NULL
GROUP BY ALL
ORDER BY files DESC, longest_side DESC
LIMIT 30;
