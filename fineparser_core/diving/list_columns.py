"""Names of the columns in people's tables of dives, folded by `support.csv_table.plain_name`, besides a field's own."""

import re

LIST_COLUMNS = {
    "dive_number": "dive number diveno divecode sprung sprungnummer plongeon salto tuffo",
    "position": "pos haltung ausfuhrung",
    "board_m": "board height heightm boardheight brett hohe turm hauteur altura altezza",
    "difficulty": "dd degreeofdifficulty tariff schwierigkeit schwierigkeitsgrad coefficient coeficiente coefficiente",
    "awards": "marks judges judgesawards wertungen noten",
    "athlete": "diver name springer springerin athlet athletin plongeur saltador tuffatore",
    "event": "competition meet wettkampf gara competition competicion",
}
#: Name of a judge's column.
JUDGE_COLUMN = re.compile(r"(?:j|judge|richter|kampfrichter|wertung|award|mark|juge|juez|giudice)0?(\d{1,2})")
