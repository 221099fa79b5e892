# E: SYR103 no policy
