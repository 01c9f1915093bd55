"""One module a target, each with its TARGET; `fuzzing.target.TARGETS` lists them."""
