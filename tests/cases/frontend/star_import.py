from syrup import *  # E: SYR110 hides
