import os
import pickle
import warnings
from datetime import date

import numpy as np
import pytest

from fineparser_core.data.restricted_pickle import load_pickle, parse_pickle
from fineparser_core.errors import AnnotationError

ARRAYS = [
    np.arange(6.0).reshape(2, 3).T,
    np.arange(3, dtype=">i2"),
    np.array([True, False]),
    np.array(["back", "reverse"]),
    np.zeros((0, 4), np.float32),
    np.float64(3.2),
    np.int64(-7),
]


@pytest.mark.parametrize("protocol", [3, 4, 5])
@pytest.mark.parametrize("array", ARRAYS, ids=repr)
def test_arrays_come_back_as_pickle_itself_gives_them(tmp_path, array, protocol):
    path = tmp_path / "arrays.pkl"
    path.write_bytes(pickle.dumps({("event", 1): [array, "407c", 88.0, None]}, protocol))
    read = load_pickle(path)[("event", 1)]
    expected = pickle.loads(path.read_bytes())[("event", 1)][0]
    np.testing.assert_array_equal(read[0], expected)
    assert read[0].dtype == expected.dtype
    assert read[1:] == ["407c", 88.0, None]


@pytest.mark.parametrize("module", [b"numpy.core.multiarray", b"numpy._core.multiarray"])
def test_both_names_of_numpys_core_are_known(tmp_path, module):
    data = pickle.dumps(np.arange(3), protocol=3)
    for name in (b"numpy._core.multiarray", b"numpy.core.multiarray"):
        data = data.replace(b"c" + name + b"\n", b"c" + module + b"\n")
    np.testing.assert_array_equal(parse_pickle(data, tmp_path), [0, 1, 2])


def test_older_files_raise_no_warnings(tmp_path):
    # As numpy before 2 wrote it: dtype with 0 and 1 where new ones want booleans.
    data = (
        b"cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(X\x02\x00\x00\x00i8K\x00K\x01tR(K\x03X\x01\x00\x00\x00<NNN"
    )
    data = b"\x80\x03" + data + b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tbC\x08\x05\x00\x00\x00\x00\x00\x00\x00tR."
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse_pickle(data, tmp_path) == 5


class Evil:
    def __reduce__(self):
        return os.system, ("echo executed > executed",)


@pytest.mark.parametrize(
    ("thing", "name"),
    [
        (Evil(), f"{os.name if os.name == 'nt' else 'posix'}.system"),
        (date(2024, 1, 1), "datetime.date"),
        (np.random.default_rng(0), "numpy.random._pickle.__generator_ctor"),
        (np.load, "numpy.load"),
        (print, "builtins.print"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_anything_else_is_refused_by_file_and_class(tmp_path, monkeypatch, thing, name):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "annotation.pkl"
    path.write_bytes(pickle.dumps([1, thing]))
    with pytest.raises(AnnotationError) as failure:
        load_pickle(path)
    assert f"{path} holds '{name}'" in str(failure.value)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("dtype", ["O", "V8", [("x", "f8")], "M8[s]"])
def test_arrays_of_objects_and_structures_are_refused(tmp_path, dtype):
    path = tmp_path / "annotation.pkl"
    path.write_bytes(pickle.dumps(np.zeros(2, dtype)))
    with pytest.raises(AnnotationError, match=r"annotation.pkl"):
        load_pickle(path)


def test_a_file_cannot_change_what_the_next_one_reads(tmp_path):
    # Pushes the stand-in for numpy's scalar and tries to give it a state of its own.
    data = b"\x80\x03cnumpy.core.multiarray\nscalar\n}X\x03\x00\x00\x00fooK\x01sb."
    with pytest.raises(AnnotationError, match="does not fit"):
        parse_pickle(data, tmp_path)
    assert parse_pickle(pickle.dumps(np.float64(2.5)), tmp_path) == 2.5


def test_every_truncation_is_one_clear_error(tmp_path):
    data = pickle.dumps({("event", 1): [np.arange(3), "407c", np.float64(1.5)]})
    for length in range(len(data)):
        with pytest.raises(AnnotationError, match="damaged or not a pickle"):
            parse_pickle(data[:length], tmp_path)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(AnnotationError, match=r"nothing.pkl cannot be read"):
        load_pickle(tmp_path / "nothing.pkl")
    with pytest.raises(AnnotationError, match="cannot be read"):
        load_pickle(tmp_path)
