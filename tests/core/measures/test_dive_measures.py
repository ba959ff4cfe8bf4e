from dataclasses import replace

import numpy as np
import pytest
from measured_dive import PX_PER_M, measured_parse

from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.measures import measure_dive, measures
from fineparser_core.measures.center_path import center_path
from fineparser_core.measures.context import SeenDive, measured_dive
from fineparser_core.measures.entry_course import Course
from fineparser_core.motion.moments import height_m
from fineparser_core.scoring.measured_stream import measured_stream, quantities


def by_name(parse):
    return {measure.name: measure for measure in measure_dive(parse).readings}


@pytest.mark.parametrize("slowed", [1.0, 3.0])
def test_gravity_gives_height_and_scale_in_real_time(slowed):
    parse = measured_parse(speed=4.0, slowed=slowed, noise_px=1.0)
    found = by_name(parse)
    assert found["flight_time"].value == pytest.approx(1.1, abs=0.02)
    height = found["jump_height"]
    assert height.value == pytest.approx(4.0**2 / 19.62, abs=2 * height.uncertainty)
    assert height.uncertainty < 0.25
    dive = measured_dive(parse)
    path = dive.path
    assert path.px_per_m == pytest.approx(PX_PER_M, abs=3 * path.scale_share * PX_PER_M)


def test_what_is_not_seen_is_absent():
    parse = measured_parse()
    dry = replace(parse, moments=replace(parse.moments, contact=None))
    assert "flight_time" not in by_name(dry)
    blind = replace(parse, joints=None, moments=replace(parse.moments, top=None))
    assert {measure.name for measure in measures(blind)} <= {"flight_time", "come_out_lead"}


def turned(short_deg, *, clockwise=1):
    """One and a half somersaults from leaving the board to the contact, short of the vertical by so much."""
    share = np.clip((np.arange(96) - 30) / 33, 0, 1.2)
    return np.asarray(clockwise * share * (540 - short_deg))


@pytest.mark.parametrize("clockwise", [1, -1])
@pytest.mark.parametrize("short_deg", [20.0, -10.0])
def test_the_entry_is_short_or_over_in_the_sense_of_rotation(short_deg, clockwise):
    parse = measured_parse(turned_deg=turned(short_deg, clockwise=clockwise))
    entry = by_name(parse)["entry_angle"]
    assert entry.value == pytest.approx(-short_deg, abs=2)
    assert (entry.step, entry.frame) == ("entry", parse.first_water_contact_frame)
    assert abs(entry.direction) == pytest.approx(abs(entry.value))


def test_a_body_that_turns_otherwise_than_its_number_tells_no_rotation():
    parse = measured_parse(turned_deg=turned(0.0))
    assert {"rotation_speed"} <= {m.name for m in measure_dive(parse, dive_number="103B", board_m=1.0).readings}
    assert "rotation_speed" not in {m.name for m in measure_dive(parse, dive_number="105B", board_m=1.0).readings}
    speed = by_name(parse)["rotation_speed"]
    assert speed.value == pytest.approx(1.5 / 1.1, abs=0.02)


def test_a_camera_from_behind_sees_no_lean_and_no_line():
    seen = set(by_name(measured_parse(turned_deg=turned(10.0), away=0.05)))
    assert not seen & {"lean", "entry_angle", "entry_distance", "board_distance", "closest_approach"}
    assert {"flight_time", "jump_height"} <= seen


def test_distances_are_metres_from_the_edge():
    found = by_name(measured_parse(turned_deg=turned(0.0), away=1.0))
    assert found["board_distance"].value == pytest.approx(1.03, abs=0.06)
    assert found["entry_distance"].value == pytest.approx(1.1, abs=0.25)


def test_who_moves_the_take_off_moves_no_entry():
    parse = measured_parse(turned_deg=turned(20.0), noise_px=1.0)
    later = replace(parse.moments.take_off, time_s=parse.moments.take_off.time_s + 4 / 30, sources=("hand",))
    moved = by_name(replace(parse, moments=replace(parse.moments, take_off=later)))
    own = by_name(parse)
    assert moved["flight_time"].value == pytest.approx(own["flight_time"].value - 4 / 30, abs=0.01)
    assert {m.name for m in own.values() if m.step == "entry"} == {m.name for m in moved.values() if m.step == "entry"}
    for name in ("entry_angle", "hip_line", "elbow_angle", "come_out_lead", "come_out_height"):
        assert moved[name].value == own[name].value


@pytest.mark.parametrize("board_m", [1.0, 3.0, 10.0, None])
def test_angles_do_not_depend_on_the_board(board_m):
    parse = measured_parse(turned_deg=turned(20.0), noise_px=1.0)
    own = {m.name: m for m in measure_dive(parse).readings if m.unit == "deg"}
    found = {m.name: m for m in measure_dive(parse, board_m=board_m).readings if m.unit == "deg"}
    assert "entry_angle" in found
    assert found == own


def test_a_known_board_tells_how_slow_a_recording_is():
    parse = measured_parse(speed=4.0, flight_s=1.27, slowed=3.0)
    object.__setattr__(parse.motion, "slowed", 2.5)  # told by the body's size, to a fifth
    fall = height_m(4 / 9.81, 1.27 - 4 / 9.81)
    time = next(m for m in measures(parse, board_m=fall) if m.name == "flight_time")
    assert time.value == pytest.approx(1.27, abs=0.04)


@pytest.mark.parametrize(("name", "confidence"), [("hip_line", 0.35), ("elbow_angle", 0.12)])
def test_an_angle_is_as_uncertain_as_its_joints_are_unsure(name, confidence):
    sure = measured_parse(turned_deg=turned(20.0), noise_px=1.0)
    joints = sure.joints.copy()
    joints[..., 2] = confidence
    unsure = by_name(replace(sure, joints=joints))[name]
    assert unsure.value == pytest.approx(by_name(sure)[name].value, abs=1)
    assert unsure.uncertainty > by_name(sure)[name].uncertainty + 1


def test_a_direction_is_read_between_frames_and_from_those_that_are_sure():
    times_s = np.arange(-3, 6) / 30
    angles = -60 + 300 * times_s
    course = Course(times_s, angles, np.full(9, 4.0))
    assert course.at(0.02).angle == pytest.approx(-54, abs=0.5)
    assert course.at(0.0).rate == pytest.approx(300, abs=15)
    unsure = Course(times_s, angles, np.full(9, 12.0))
    assert unsure.at(0.0).deviation > course.at(0.0).deviation + 1
    splashed = Course(times_s, np.where(np.arange(9) == 4, 80.0, angles), np.where(np.arange(9) == 4, 12.0, 4.0))
    assert splashed.at(0.0).angle == pytest.approx(-60, abs=5)
    assert unsure.last_s(1.0) is None
    assert course.last_s(0.1) == pytest.approx(0.1)


def test_no_single_frame_that_is_misread_moves_an_award_by_more_than_three_tenths():
    dive = parse_dive_number("103B")
    difficulty = find_difficulty(dive, 3.0)
    parse = measured_parse(turned_deg=turned(20.0), noise_px=2.0, flight_s=1.27)
    parse.joints[..., 2] = 0.6  # as of real clips

    def award(joints):
        found = measures(replace(parse, joints=joints), dive_number="103B", board_m=3.0)
        own = measured_stream().own_award(quantities(found), dive, difficulty)
        return own.award

    moved = []
    for sample in range(25, 75):
        upside_down, lost = parse.joints.copy(), parse.joints.copy()
        upside_down[sample, :, :2] = 2 * parse.joints[sample, :, :2].mean(axis=0) - parse.joints[sample, :, :2]
        lost[sample, :, 2] = 0
        moved += [abs(award(joints) - award(parse.joints)) for joints in (upside_down, lost)]
    assert max(moved) < 0.3


def test_a_splash_is_meters_wide_and_as_sure_as_the_scale():
    parse = measured_parse(turned_deg=turned(0.0))
    assert "splash_width" not in by_name(parse)
    motion = replace(parse.motion, splash_px=(0.8 * PX_PER_M, 0.2 * PX_PER_M))
    found = by_name(replace(parse, motion=motion))["splash_width"]
    assert found.value == pytest.approx(0.8, abs=0.05)
    assert 0.2 < found.uncertainty < 0.3
    assert (found.step, found.frame) == ("entry", parse.first_water_contact_frame + 15)


WATER_PX = 500.0


def in_water_at_contact():
    """A dive whose mask's lowest point lies on the water when it is touched."""
    parse = measured_parse(speed=4.0)
    masks = parse.mask_probability.copy()
    masks[parse.first_water_contact_frame, 80, 40] = 1
    crops = parse.crop_xyxy.copy()
    crops[:, [1, 3]] = WATER_PX - 81 / 112 * 640 + np.array([0, 640])
    return replace(parse, mask_probability=masks, crop_xyxy=crops)


def test_heights_are_metres_over_the_water():
    parse = in_water_at_contact()
    path = center_path(parse)
    top, *whole = path.marks
    # 4 m/s up is 0.815 m, above the centre of mass that leaves the board.
    leaves_y = SeenDive.of(parse).center_of_mass()[30, 1]
    true_top = (WATER_PX - leaves_y) / PX_PER_M + 4.0**2 / 19.62
    assert top[2] == pytest.approx(true_top, abs=0.05)
    assert [mark[2] for mark in whole] == list(range(int(true_top), int(true_top) - len(whole), -1))
    for mark in path.marks:
        assert (WATER_PX - mark[1]) / PX_PER_M == pytest.approx(mark[2], abs=0.05)
    place = path.place(45)
    np.testing.assert_allclose(place[0], 100 + PX_PER_M * 0.8 * 0.5, atol=3)
    assert path.place(10) is None


def test_a_panned_camera_sees_the_path_move():
    parse = in_water_at_contact()
    to_scene = parse.motion.to_scene.copy()
    to_scene[:, 0, 2] = 2.0 * np.arange(96)
    panned = replace(parse, motion=replace(parse.motion, to_scene=to_scene))
    joints = panned.joints.copy()
    joints[..., 0] -= 2.0 * np.arange(96)[:, None]
    still, moving = center_path(parse), center_path(replace(panned, joints=joints))
    shift = moving.in_frame(50, moving.points) - still.in_frame(50, still.points)
    np.testing.assert_allclose(shift, np.tile([-100.0, 0.0], (len(shift), 1)), atol=0.5)


def test_no_heights_without_scale_or_water():
    parse = in_water_at_contact()
    assert not len(center_path(replace(parse, moments=replace(parse.moments, contact=None))).marks)
    assert not len(center_path(replace(parse, motion=replace(parse.motion, slowed=2.0))).marks)
    blind = replace(parse, joints=None, mask_probability=np.zeros_like(parse.mask_probability))
    assert center_path(blind) is None
