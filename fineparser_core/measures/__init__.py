"""What is measured of a dive in seconds, metres and degrees, without learning; numpy only."""
