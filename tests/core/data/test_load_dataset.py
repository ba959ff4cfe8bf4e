import pytest

from fineparser_core.data.dataset import load_dataset
from fineparser_core.errors import AnnotationError, ConfigError


def test_the_layout_is_seen_by_the_files(finediving_root, mtl_aqa_root):
    assert load_dataset(finediving_root).layout == "finediving"
    assert load_dataset(mtl_aqa_root).layout == "mtl-aqa"
    assert [record.id for record in load_dataset(finediving_root).split("test")] == ["A_10m/4", "B_3m/2"]


def test_nothing_there_names_the_files_of_both_layouts(tmp_path):
    with pytest.raises(AnnotationError, match=r"fine-grained_annotation_aqa\.pkl .*\.pkl \(mtl-aqa\)"):
        load_dataset(tmp_path)


def test_two_data_sets_in_one_folder_need_a_choice(tmp_path, finediving_root, mtl_aqa_root):
    with pytest.raises(ConfigError, match="finediving and mtl-aqa: name one"):
        load_dataset(tmp_path)
    assert load_dataset(tmp_path, "mtl-aqa").layout == "mtl-aqa"
    with pytest.raises(ConfigError, match='"other"'):
        load_dataset(tmp_path, "other")


def test_frames_of_mtl_aqa_are_those_of_its_numbers(mtl_aqa_root):
    data = load_dataset(mtl_aqa_root)
    (record,) = data.split("train")
    names = [path.name for path in data.frame_paths(record)]
    assert names == [f"{number:05d}.jpg" for number in range(5, 25)]
    assert data.mask_paths(record) == []
    assert not data.has_masks
    assert not record.has_steps
    assert [(defect.kind, defect.key) for defect in data.defects] == [("score", ("01", 2))]


def test_frames_may_lie_elsewhere_by_another_pattern(tmp_path, mtl_aqa_root):
    elsewhere = tmp_path / "disk" / "v01"
    elsewhere.parent.mkdir()
    (mtl_aqa_root / "new/new_total_frames_256s/01").rename(elsewhere)
    for path in list(elsewhere.iterdir()):
        path.rename(elsewhere / f"img_{path.name}")
    assert load_dataset(mtl_aqa_root).frame_paths(load_dataset(mtl_aqa_root).records["01", 1]) == []
    data = load_dataset(mtl_aqa_root, frames=tmp_path / "disk", frame_pattern="v{video}/img_{frame}")
    (elsewhere / "img_00007.jpg").unlink()
    assert len(data.frame_paths(data.records["01", 1])) == 19
    with pytest.raises(ConfigError, match="movie"):
        load_dataset(mtl_aqa_root, frame_pattern="{movie}/{frame}")
    with pytest.raises(ConfigError, match="MTL-AQA has no masks"):
        load_dataset(mtl_aqa_root, mask_pattern="masks/{video}")
