"""Real Kafka and real PostgreSQL for the tests: started by the session, on loopback, and ended with it."""
