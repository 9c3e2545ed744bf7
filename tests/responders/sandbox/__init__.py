"""The sandbox phone network, held against the real provider's rules."""
