"""Ground floor, pure: same facts and same instants in, same alerts out; no I/O, no clock, no randomness, no logging."""
