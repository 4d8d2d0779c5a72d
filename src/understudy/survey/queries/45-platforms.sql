-- Which platforms, surfaces and eras the files are consistent with, and whether they are untouched
SELECT CASE WHEN platforms = '' THEN 'cannot be told' ELSE platforms END AS platforms,
       surface,
       era,
       delivered_untouched,
       count(*) AS files
FROM files
WHERE platforms IS NOT NULL
GROUP BY ALL
ORDER BY files DESC, platforms, surface, era;
