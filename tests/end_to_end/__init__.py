"""The whole system as real processes, told as dialogues between a county and its officers."""
