-- Which scan scripts go with which ICC profile
SELECT coalesce(icc_description, CASE WHEN icc_bytes IS NULL THEN 'none' ELSE 'unnamed' END) AS icc,
       icc_bytes,
       coalesce(script_name, scans || ' scans, without a name') AS script,
       count(*) AS files
FROM files
WHERE scans IS NOT NULL
GROUP BY ALL
ORDER BY files DESC, icc, script;
