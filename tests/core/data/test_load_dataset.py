import pytest

from fineparser_core.data.dataset import load_dataset
from fineparser_core.errors import AnnotationError, ConfigError


def test_the_layout_is_seen_by_the_files(finediving_root):
    assert load_dataset(finediving_root).layout == "finediving"
    assert [record.id for record in load_dataset(finediving_root).split("test")] == ["A_10m/4", "B_3m/2"]
    with pytest.raises(ConfigError, match='"other"'):
        load_dataset(finediving_root, "other")


def test_nothing_there_names_the_files_of_both_layouts(tmp_path):
    with pytest.raises(AnnotationError, match=r"fine-grained_annotation_aqa\.pkl .*labels\.json \(dives\)"):
        load_dataset(tmp_path)


def test_two_data_sets_in_one_folder_need_a_choice(finediving_root):
    (finediving_root / "labels.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError, match="finediving and dives: name one"):
        load_dataset(finediving_root)
    assert load_dataset(finediving_root, "finediving").layout == "finediving"


def test_frames_may_lie_elsewhere_by_another_pattern(tmp_path, finediving_root):
    record = load_dataset(finediving_root).split("test")[0]
    elsewhere = tmp_path / "disk" / f"v{record.key[0]}" / str(record.key[1])
    elsewhere.parent.mkdir(parents=True)
    load_dataset(finediving_root).frame_folder(record).rename(elsewhere)
    assert load_dataset(finediving_root).frame_paths(record) == []
    data = load_dataset(finediving_root, frames=tmp_path / "disk", frame_pattern="v{event}/{index}")
    assert len(data.frame_paths(record)) == record.n_frames
    with pytest.raises(ConfigError, match="movie"):
        load_dataset(finediving_root, frame_pattern="{movie}/{index}")
