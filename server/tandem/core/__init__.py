"""Pure values and functions: no IO, no clock, no threads, no logging, standard library only."""
