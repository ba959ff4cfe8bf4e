"""Which dive a clip shows: direction, half somersaults, position, twists and board, without its number. No torch."""
