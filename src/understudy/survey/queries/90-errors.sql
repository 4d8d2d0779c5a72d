-- What could not be read, and why
SELECT regexp_replace(error, '0x[0-9a-f]+|starts with [^;]*', '…', 'g') AS error, count(*) AS files, min(path) AS example
FROM files
WHERE error IS NOT NULL
GROUP BY ALL
ORDER BY files DESC, error
LIMIT 50;
