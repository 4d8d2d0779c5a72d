-- What is there: files by format, and how many could not be read
SELECT coalesce(format, 'not read') AS format,
       count(*) AS files,
       count(error) AS errors,
       round(sum(bytes) / 1e6, 1) AS megabytes,
       round(median(width * height) / 1e6, 2) AS median_megapixels
FROM files
GROUP BY ALL
ORDER BY files DESC, format;
