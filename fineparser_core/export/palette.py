"""The colours of the three steps: told apart with any colour vision, yet never without the steps' names beside them."""

STEP_COLOURS = {"take-off": "#E69F00", "flight": "#56B4E9", "entry": "#009E73"}
MASK_COLOUR = "#FF4FA3"


def rgb(colour: str) -> tuple[int, int, int]:
    """(red, green, blue), 0-255, of "#RRGGBB"."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue
