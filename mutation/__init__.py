"""Tests of the tests: small faults in C kernels and the planner, which the suite has to notice (docs/mutation.md)."""
