"""The record of every measure, in the order in which they are shown.

Plausible ranges say what a body can do, with space for the error of reading it, not what is usual. Where no reason
stands beside a range of an angle between limbs, it is what joints allow.
"""

from math import inf

from fineparser_core.constants import BOARDS_M, SPRINGBOARDS_M, STEP_NAMES
from fineparser_core.language import Phrase
from fineparser_core.measures import entry, flight, take_off
from fineparser_core.measures.record import GoodRange, Limits, MeasureRecord, Source

_TAKE_OFF, _FLIGHT, _ENTRY = STEP_NAMES
_AT_WATER = (Phrase("short"), Phrase("over"))
_AT_TOUCH = (Phrase("before the upright"), Phrase("past the upright"))

# The best leave a springboard at 6.1 m/s upwards and a platform at 4.4: v²/2g, meters. Boards of 1 m and 3 m are the
# same but for their height: labels of real clips from 1 m give 1.33 s of flight, or 1.7 m.
_JUMP_SPRINGBOARD, _JUMP_PLATFORM = 1.9, 1.0
_PLATFORMS_M = (5.0, 7.5, 10.0)

#: The rules name no degrees and no meters: each tolerance has its reason where it is used.
RULES = Source(
    kind="rules",
    about=Phrase(
        "Rules of World Aquatics: vertical or nearly so, straight, together, at a safe distance from the board. They "
        "name no number: the tolerance is this program's."
    ),
)
#: Quantiles of the 274 of 370 timed dives whose award was 7.5 or more.
ELITE_10M = Source(
    kind="real",
    about=Phrase(
        "The middle 80 % of 274 dives from 10 m in competitions with a mean award of 7.5 or more, timed by hand: "
        "UNLV-Dive (Parmar and Morris, Learning to Score Olympic Events, CVPRW 2017)."
    ),
)

#: From 1 m: of six dives that one person marked, two were called low or rushed (0.87 and 0.90 s) and two high (1.20 and
#: 1.27 s), the others stand between.
FLIGHT_TIMES = Source(
    kind="real",
    about=Phrase(
        "From 10 m: {0} From 1 m: between the dives that one person called low and high, of six club dives.",
        ELITE_10M.about,
    ),
)

COME_OUTS = Source(
    kind="real",
    about=Phrase("From 10 m: {0} From lower boards: the time in which good divers straighten.", ELITE_10M.about),
)

_ALL = (
    MeasureRecord(
        name="flight_time",
        take=take_off.flight_time,
        unit="s",
        step=_TAKE_OFF,
        title=Phrase("time in the air"),
        sentence=Phrase("{0} in the air"),
        short=Phrase("air time"),
        fault=Phrase("Low"),
        praise=Phrase("High"),
        about=Phrase("Feet leaving to first touch; more time helps all: “Jump up.”"),
        better="more",
        # Seconds: (v + √(v² + 2gd)) / g, where the body's center falls d below where it left: the board's height,
        # 0.3 m more or less. At least of a step off (v = 1 m/s; from a platform an armstand's fall), at most of the
        # best jump; and 0.1 s for the error of reading it.
        plausible=Limits(
            0.4, 2.1, {1.0: (0.45, 1.5), 3.0: (0.8, 1.75), 5.0: (0.9, 1.65), 7.5: (1.15, 1.85), 10.0: (1.35, 2.05)}
        ),
        moments=("take_off", "contact"),
        judged_over=0.14,
        good=GoodRange(
            limits=Limits(1.6, 1.88, {1.0: (0.95, 1.15)}), source=FLIGHT_TIMES, boards_m=(1.0, 10.0), armstand=False
        ),
    ),
    MeasureRecord(
        name="jump_height",
        take=take_off.jump_height,
        unit="m",
        step=_TAKE_OFF,
        title=Phrase("height of the jump"),
        sentence=Phrase("{0} of jump"),
        short=Phrase("jump"),
        about=Phrase("Rise of the hips after leaving; high is good: “Push to the end.”"),
        better="more",
        plausible=Limits(0.0, _JUMP_SPRINGBOARD, dict.fromkeys(_PLATFORMS_M, (0.0, _JUMP_PLATFORM))),
        moments=("take_off",),
        judged_over=0.25,
    ),
    MeasureRecord(
        name="board_distance",
        take=take_off.board_distance,
        unit="m",
        step=_TAKE_OFF,
        title=Phrase("distance passing the board"),
        sentence=Phrase("Passes the board at {0}"),
        about=Phrase("How far out the body falls past the board; near but safe is good: “Jump up, not out.”"),
        better="less",
        # Meters: a body that falls past the board is in front of it, and drifts for 1.5 s at no more than 2.5 m/s.
        plausible=Limits(0.0, 4.0),
        judged_over=0.4,
        as_rendered=False,  # real clips from 1 m and 3 m show 1.1 to 1.6 m, rendered dives drift 2 m
    ),
    MeasureRecord(
        name="closest_approach",
        take=take_off.closest_approach,
        unit="m",
        step=_TAKE_OFF,
        title=Phrase("head, hands to the board"),
        sentence=Phrase("Head or hands {0} from the board"),
        short=Phrase("board distance"),
        fault=Phrase("Close to the board"),
        about=Phrase("The nearest they come; too near is dangerous: “Farther from the board.”"),
        better="more",
        # Meters: no farther than the body's center may be, and half a body.
        plausible=Limits(0.0, 4.5),
        judged_over=0.4,
        # Below 0.5 m (0.3 m from a platform, which does not come up) a body that is found to 0.1 m may touch the board
        # with an arm that is not seen.
        good=GoodRange(limits=Limits(0.5, inf, dict.fromkeys(_PLATFORMS_M, (0.3, inf))), source=RULES),
    ),
    MeasureRecord(
        name="lean",
        take=take_off.lean,
        unit="deg",
        step=_TAKE_OFF,
        title=Phrase("lean at the take-off"),
        sentence=Phrase("Leans {0} at the take-off"),
        about=Phrase("Feet to hips off the upright; just enough to clear the board is good: “Stand tall, then go.”"),
        signs=(Phrase("back"), Phrase("forward")),
        better="within",
        # Degrees: beyond, the feet have slid off the board before they push.
        plausible=Limits(-45.0, 60.0),
        joints=("ankle", "hip"),
        moments=("take_off",),
        judged_over=12.0,
    ),
    MeasureRecord(
        name="recoil_time",
        take=take_off.recoil_time,
        unit="s",
        step=_TAKE_OFF,
        title=Phrase("rise on the board"),
        sentence=Phrase("Leaves the board {0} after its lowest point"),
        about=Phrase(
            "The board's recoil, from its lowest point to the feet leaving; short is rushed: “Wait for the board.”"
        ),
        better="more",
        # Seconds: half a period of the loaded board, 0.2 to 0.5 with the fulcrum.
        plausible=Limits(0.1, 0.6),
        moments=("take_off",),
        judged_over=0.1,
    ),
    MeasureRecord(
        name="arm_asymmetry",
        take=take_off.arm_asymmetry,
        unit="deg",
        step=_TAKE_OFF,
        title=Phrase("angle between the arms"),
        sentence=Phrase("{0} between the arms at the take-off"),
        about=Phrase("As the feet leave; none is good: “Both arms together.”"),
        better="less",
        plausible=Limits(0.0, 180.0),
        joints=("wrist_l", "shoulder", "wrist_r"),
        moments=("take_off",),
        judged_over=13.0,
    ),
    MeasureRecord(
        name="rotation_speed",
        take=flight.rotation_speed,
        unit="turns/s",
        step=_FLIGHT,
        title=Phrase("rotation"),
        sentence=Phrase("Rotates at {0}"),
        about=Phrase("Somersaults a second in the position; tighter is faster: “Squeeze.”"),
        better="more",
        # Turns a second: a header turns at a quarter or more, and four and a half somersaults, tucked, at 3.2.
        plausible=Limits(0.15, 3.4),
        judged_over=0.11,
    ),
    MeasureRecord(
        name="rotation_hold",
        take=flight.rotation_hold,
        unit="",
        step=_FLIGHT,
        title=Phrase("rotation late, of its mean"),
        sentence=Phrase("Late in the position, rotation is {0} of its mean"),
        about=Phrase("Last third of the position against all of it; below 1 it opens early: “Hold on.”"),
        better="more",
        # Ratio: with the same spin, a body turns three times as fast tucked as straight.
        plausible=Limits(0.3, 2.0),
        judged_over=0.04,
    ),
    MeasureRecord(
        name="hip_angle",
        take=flight.hip_angle,
        unit="deg",
        step=_FLIGHT,
        title=Phrase("hips, held position"),
        sentence=Phrase("Hips at {0} in the held position"),
        short=Phrase("hips"),
        fault=Phrase("Hips bent"),
        about=Phrase("Trunk to thighs; small in pike and tuck, 180° straight: “Chest to thighs.”"),
        better="position",
        plausible=Limits(0.0, 180.0),
        joints=("shoulder", "hip", "knee"),
        judged_over=15.0,
        good=GoodRange(limits=Limits(165.0, 180.0), source=RULES, positions="A"),  # as far as hips at the entry
    ),
    MeasureRecord(
        name="knee_angle",
        take=flight.knee_angle,
        unit="deg",
        step=_FLIGHT,
        title=Phrase("knees, held position"),
        sentence=Phrase("Knees at {0} in the held position"),
        short=Phrase("knees"),
        fault=Phrase("Knees bent"),
        about=Phrase("Thigh to shin; small in tuck, otherwise 180°: “Heels in” or “Lock the knees.”"),
        better="position",
        plausible=Limits(10.0, 180.0),  # calf and thigh touch
        joints=("hip", "knee", "ankle"),
        judged_over=20.0,
        good=GoodRange(limits=Limits(160.0, 180.0), source=RULES, positions="AB"),  # as far as elbows
    ),
    MeasureRecord(
        name="legs_apart",
        take=flight.legs_apart,
        unit="deg",
        step=_FLIGHT,
        title=Phrase("legs apart"),
        sentence=Phrase("Legs {0} apart"),
        short=Phrase("legs apart"),
        fault=Phrase("Legs apart"),
        about=Phrase("In the position; closed is good: “Knees and ankles together.”"),
        better="less",
        plausible=Limits(0.0, 90.0),  # in a tuck the knees come apart; no dive is done in the splits
        joints=("ankle_l", "hip", "ankle_r"),
        judged_over=10.0,
        good=GoodRange(limits=Limits(0.0, 10.0), source=RULES),  # degrees: twice the error of reading it
    ),
    MeasureRecord(
        name="toe_angle",
        take=flight.toe_angle,
        unit="deg",
        step=_FLIGHT,
        title=Phrase("toes, held position"),
        sentence=Phrase("Toes at {0}, 180° is pointed"),
        about=Phrase("Shin to foot; 180° is pointed: “Point your toes.”"),
        better="more",
        plausible=Limits(60.0, 180.0),  # an ankle that is drawn up stands at 70
        joints=("knee", "ankle", "toe"),
        judged_over=16.0,
    ),
    MeasureRecord(
        name="come_out_lead",
        take=entry.come_out_lead,
        unit="s",
        step=_ENTRY,
        title=Phrase("come-out before the water"),
        sentence=Phrase("Comes out {0} before the water"),
        short=Phrase("come-out"),
        fault=Phrase("Late come-out"),
        about=Phrase("Body opening to first touch; early is good: “Open sooner.”"),
        better="more",
        # Seconds: bodies open about the top at the earliest, so it is at most the fall from there, and a quarter more.
        plausible=Limits(0.0, 1.8, {1.0: (0.0, 1.0), 3.0: (0.0, 1.3)}),
        moments=("contact",),
        judged_over=0.14,
        # From lower boards at least the time in which a body straightens: who opens later opens in the water.
        good=GoodRange(limits=Limits(0.2, inf, {10.0: (0.28, 0.6)}), source=COME_OUTS, boards_m=BOARDS_M),
    ),
    MeasureRecord(
        name="come_out_height",
        take=entry.come_out_height,
        unit="m",
        step=_ENTRY,
        title=Phrase("height of the come-out"),
        sentence=Phrase("Comes out {0} over the water"),
        about=Phrase("Hips over the water as the body opens; high is good: “Open sooner.”"),
        better="more",
        # Meters: the center is over the water, and at most at the top of the best jump, 1.2 m over its feet.
        plausible=Limits(
            0.1,
            12.2,
            {board_m: (0.1, board_m + 1.2 + _JUMP_SPRINGBOARD) for board_m in SPRINGBOARDS_M}
            | {board_m: (0.1, board_m + 1.2 + _JUMP_PLATFORM) for board_m in _PLATFORMS_M},
        ),
        moments=("contact",),
        judged_over=1.3,
    ),
    MeasureRecord(
        name="opening_time",
        take=entry.opening_time,
        unit="s",
        step=_ENTRY,
        title=Phrase("time to open"),
        sentence=Phrase("{0} to open the hips"),
        about=Phrase("Come-out to straight hips; short is good: “Snap open.”"),
        better="less",
        plausible=Limits(0.0, 0.8),  # seconds: who takes longer has no come-out
        judged_over=0.09,
    ),
    MeasureRecord(
        name="entry_angle",
        take=entry.entry_angle,
        unit="deg",
        step=_ENTRY,
        title=Phrase("body line at first touch"),
        sentence=Phrase("Touches the water {0}"),
        short=Phrase("body line"),
        about=Phrase("Shoulders to ankles off the upright at first touch; the body turns on as it goes under."),
        signs=_AT_TOUCH,
        better="zero",
        # Degrees. By eye, bodies on real clips stand 13 to 59 short at the first contact, those of club dives 20 to 40
        # (`packaging/benchmarks/real_entry_angles.json`); a body that lies flatter, or has gone over by half of a right
        # angle, falls on back or belly and has no line that could be read.
        plausible=Limits(-100.0, 45.0),
        joints=("shoulder", "ankle"),
        moments=("contact",),
        judged_over=32.0,
    ),
    MeasureRecord(
        name="legs_at_touch",
        take=entry.legs_at_touch,
        unit="deg",
        step=_ENTRY,
        title=Phrase("legs at first touch"),
        sentence=Phrase("Legs {0} as the hands touch the water"),
        about=Phrase("Hips to ankles off the upright at first touch; they turn on as the body goes under."),
        signs=_AT_TOUCH,
        better="zero",
        plausible=Limits(
            -125.0, 60.0
        ),  # degrees: of a body that opens in the water, as labeled on real clips, and over
        joints=("hip", "ankle"),
        moments=("contact",),
        judged_over=30.0,
        as_rendered=False,
    ),
    MeasureRecord(
        name="entry_rotation",
        take=entry.entry_rotation,
        unit="turns/s",
        step=_ENTRY,
        title=Phrase("rotation at first touch"),
        sentence=Phrase("Still rotates at {0} as it touches the water"),
        about=Phrase("How fast the legs still turn at first touch; fast ends over: “Open sooner.”"),
        better="within",
        plausible=Limits(-0.5, 2.5),  # turns a second: an open body turns at a third of a tucked one's 3.2, and more
        joints=("hip", "ankle"),
        moments=("contact",),
        judged_over=0.3,
        as_rendered=False,
    ),
    MeasureRecord(
        name="legs_line",
        take=entry.legs_line,
        unit="deg",
        step=_ENTRY,
        title=Phrase("legs as the feet go under"),
        sentence=Phrase("Legs {0} as the feet go under"),
        short=Phrase("legs"),
        fault="{0}",
        praise=Phrase("Vertical"),
        about=Phrase("Off the upright, what a judge sees last. Short: “Hold longer.” Over: “Open sooner.”"),
        signs=_AT_WATER,
        better="zero",
        plausible=Limits(-75.0, 75.0),  # degrees: as above, over as well, as the legs whip through
        joints=("hip", "ankle"),
        moments=("contact",),
        judged_over=20.0,
        # Degrees: what a judge sees last is to be vertical.
        good=GoodRange(limits=Limits(-10.0, 10.0), source=RULES),
    ),
    MeasureRecord(
        name="hip_line",
        take=entry.hip_line,
        unit="deg",
        step=_ENTRY,
        title=Phrase("hips bent at first touch"),
        sentence=Phrase("Hips bent by {0} at first touch"),
        short=Phrase("hips at entry"),
        fault=Phrase("Hips bent {0} at first touch"),
        about=Phrase("Bent or arched at first touch; 0° is good: “Squeeze belly and seat.”"),
        better="less",
        plausible=Limits(0.0, 165.0),  # degrees: a body that is still folded
        moments=("contact",),
        judged_over=25.0,
        good=GoodRange(limits=Limits(0.0, 25.0), source=RULES),  # by eye, 12 to 33 in dives of finals
    ),
    MeasureRecord(
        name="elbow_angle",
        take=entry.arm_line,
        unit="deg",
        step=_ENTRY,
        title=Phrase("elbows at the entry"),
        sentence=Phrase("Elbows at {0} at the entry"),
        short=Phrase("elbows"),
        fault=Phrase("Arms bent"),
        about=Phrase("Upper arm to forearm at first touch; 180° is good: “Lock the elbows.”"),
        better="more",
        plausible=Limits(10.0, 180.0),
        joints=("shoulder", "elbow", "wrist"),
        moments=("contact",),
        judged_over=20.0,
        good=GoodRange(limits=Limits(160.0, 180.0), source=RULES),  # less than 160 shows as bent
    ),
    MeasureRecord(
        name="entry_distance",
        take=take_off.entry_distance,
        unit="m",
        step=_ENTRY,
        title=Phrase("entry from the board"),
        sentence=Phrase("Enters {0} from the board"),
        about=Phrase("Board's edge to first touch; near but safe is good: “Up, not out.”"),
        better="less",
        plausible=Limits(0.0, 4.0),  # meters: as of passing the board
        moments=("contact",),
        judged_over=0.8,
        as_rendered=False,  # real clips from 1 m and 3 m show 0.9 to 1.9 m, rendered dives 2 to 2.5 m
    ),
    MeasureRecord(
        name="splash_width",
        take=entry.splash_width,
        unit="m",
        step=_ENTRY,
        title=Phrase("width of the splash"),
        sentence=Phrase("Splash {0} wide"),
        short=Phrase("splash"),
        fault=Phrase("Splash"),
        about=Phrase("White water about the entry half a second after first touch; little is good: “Rip it.”"),
        better="less",
        plausible=Limits(0.0, 4.4),  # meters: as far as it is looked for
        moments=("contact",),
        judged_over=0.8,
        # Meters: 0.4 to 0.7 where markers of real clips wrote "good" or "little splash", 0.4 to 0.7 of the best dives,
        # and 1.0 where they wrote "splash".
        good=GoodRange(limits=Limits(0.0, 0.8), source=RULES),
        as_rendered=False,  # renderings have foam wherever spray falls
    ),
)

#: Records by the names of their measures, in the order in which they are shown.
RECORDS = {record.name: record for record in _ALL}
