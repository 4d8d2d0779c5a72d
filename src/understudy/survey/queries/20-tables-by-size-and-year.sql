-- Which quantisation tables, by longest side and year
SELECT year,
       CASE WHEN side <= 720 THEN 720 WHEN side <= 960 THEN 960 WHEN side <= 1280 THEN 1280
            WHEN side <= 1600 THEN 1600 WHEN side <= 2048 THEN 2048 WHEN side <= 4096 THEN 4096
            ELSE 65535 END AS side_up_to,
       luma_law || coalesce(' ' || luma_quality, '') || CASE WHEN luma_exact THEN '' ELSE ' (nearest)' END AS luma,
       chroma_law || coalesce(' ' || chroma_quality, '') || CASE WHEN chroma_exact THEN '' ELSE ' (nearest)' END
           AS chroma,
       count(*) AS files
FROM (SELECT *, greatest(width, height) AS side FROM files WHERE luma_law IS NOT NULL)
GROUP BY ALL
ORDER BY year, side_up_to, files DESC, luma, chroma;
