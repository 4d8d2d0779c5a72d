-- Facebook's notes (FBMD): their type, and whether the file is as it was delivered
SELECT fbmd_type, fbmd_intact, script_name, count(*) AS files, min(year) AS first_year, max(year) AS last_year
FROM files
WHERE fbmd_type IS NOT NULL
GROUP BY ALL
ORDER BY files DESC, fbmd_type, fbmd_intact;
