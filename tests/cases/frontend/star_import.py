from syrup import *  # E[1-19]: SYR110 hides
# help: name them: `from syrup import u64, PASS`
