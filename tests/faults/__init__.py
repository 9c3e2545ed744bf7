"""The whole system killed, cut off and misused: nothing lost, nothing doubled."""
