-- Which encoder families, with which Huffman tables and sampling
SELECT family,
       sampling,
       CASE WHEN huffman_standard THEN 'standard' ELSE 'made for the picture' END AS huffman,
       count(*) AS files
FROM files
WHERE family IS NOT NULL
GROUP BY ALL
ORDER BY files DESC, family, sampling, huffman;
