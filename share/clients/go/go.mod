module partisci

go 1.16
