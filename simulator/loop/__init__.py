"""The event loop: a clock, the cluster that methods ask, its workers, rounds and messages."""
