"""mozjpeg's arithmetic: deringing, trellis quantisation, scan search. Import the modules; nothing is loaded here."""
