"""Makes odd videos: every kind that a camera, an editor, a bad day or an attacker may hand over."""

import os
import struct
from fractions import Fraction
from functools import partial

import av
import numpy as np
from av.stream import Disposition
from numbered_video import numbered_frame, write_video

N = 40
ALL = list(range(N))

AVI_BASE = {"time_base": Fraction(1, 30)}


def video(**options):
    """`write_video` of `N` frames."""
    n_frames = options.pop("n_frames", N)
    return lambda path: write_video(path, n_frames, **options)


def changed(make, change):
    """Another file with its bytes changed."""

    def write(path):
        make(path)
        path.write_bytes(change(path.read_bytes()))

    return write


def cut(share):
    return lambda data: data[: int(len(data) * share)]


def replaced(old, new):
    def change(data):
        assert old in data
        return data.replace(old, new)

    return change


def number_in(box, at, *values):
    """Numbers of 32 bits in the first box of a kind, `at` bytes after its name."""

    def change(data):
        start = data.index(box) + at
        new = struct.pack(f">{len(values)}I", *(value % 2**32 for value in values))
        return data[:start] + new + data[start + len(new) :]

    return change


def zeroed(first, last):
    def change(data):
        start, end = int(len(data) * first), int(len(data) * last)
        return data[:start] + bytes(end - start) + data[end:]

    return change


def noise(share, seed=0):
    """Random bytes all over the second half of the file."""

    def change(data):
        generator = np.random.default_rng(seed)
        changed_bytes = bytearray(data)
        for at in generator.integers(len(data) // 2, len(data), int(len(data) * share)):
            changed_bytes[at] = generator.integers(256)
        return bytes(changed_bytes)

    return change


def remuxed(source, *, packets=list, options=None, **encoding):
    """The packets of a video of this name, changed, in another container."""

    def write(path):
        first = write_video(path.with_name(source), N, **encoding)
        with av.open(str(first)) as read, av.open(str(path), "w", options=options or {}) as written:
            stream = written.add_stream_from_template(read.streams.video[0])
            found = [packet for packet in read.demux(read.streams.video[0]) if packet.dts is not None]
            for packet in packets(found):
                packet.stream = stream
                written.mux(packet)
        first.unlink()

    return write


def moved(by):
    """Time stamps as a function of the packet's number and the interval between packets."""

    def change(packets):
        step = packets[1].pts - packets[0].pts
        for number, packet in enumerate(packets):
            packet.pts = packet.dts = by(number, step)
        return packets

    return change


def streams(*parts, metadata=None):
    """A file of several streams: ("video", options of `_add`) and ("audio", {"seconds": …})."""

    def write(path):
        with av.open(str(path), "w") as container:
            container.metadata.update(metadata or {})
            made = [_add(container, kind, options) for kind, options in parts]
            packets = [packet for stream, feed in made for packet in feed(stream)]
            for packet in sorted(packets, key=lambda packet: float((packet.dts or 0) * packet.time_base)):
                container.mux(packet)

    return write


def _add(container, kind, options):
    if kind == "audio":
        stream = container.add_stream(options.get("codec", "aac"), rate=16000, layout="mono")
        return stream, partial(_sound, seconds=options.get("seconds", N / 30))
    stream = container.add_stream(options.get("codec", "libx264"), rate=30)
    stream.width, stream.height = options.get("size_px", (64, 48))
    stream.pix_fmt = options.get("pix_fmt", "yuv420p")
    if "disposition" in options:
        stream.disposition = options["disposition"]
    return stream, partial(_pictures, numbers=options.get("numbers", ALL))


def _pictures(stream, numbers):
    found = []
    for number in numbers:
        frame = av.VideoFrame.from_ndarray(numbered_frame(number, stream.width, stream.height), format="rgb24")
        found += stream.encode(frame)
    return found + stream.encode(None)


def _sound(stream, seconds):
    found = []
    for block in range(int(seconds * 16000 / 1024)):
        samples = np.zeros((1, 1024), np.float32)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 16000, block * 1024
        found += stream.encode(frame)
    return found + stream.encode(None)


def joined(*makers):
    """Files one after the other."""

    def write(path):
        data = b""
        for make in makers:
            make(path)
            data += path.read_bytes()
        path.write_bytes(data)

    return write


def content(data):
    return lambda path: path.write_bytes(data.encode() if isinstance(data, str) else data)


def image(codec, pix_fmt, size_px=(64, 48)):
    """One picture without a container."""

    def write(path):
        encoder = av.CodecContext.create(codec, "w")
        encoder.width, encoder.height, encoder.pix_fmt = *size_px, pix_fmt
        encoder.time_base = Fraction(1, 30)
        frame = av.VideoFrame(*size_px, pix_fmt)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        packets = [*encoder.encode(frame), *encoder.encode(None)]
        path.write_bytes(b"".join(map(bytes, packets)))

    return write


def linked(make, name="target.mp4"):
    def write(path):
        make(path.with_name(name))
        path.symlink_to(name)

    return write


def box(kind, payload=b"", length=None):
    return struct.pack(">I", len(payload) + 8 if length is None else length) + kind + payload


def nested(kind, depth):
    data = b""
    for _ in range(depth):
        data = box(kind, data)
    return data


def with_edits(n_edits):
    """An MP4, its header at the end, with many edits that each show all of it."""

    def change(data):
        at = data.index(b"elst")
        length = struct.unpack(">I", data[at - 4 : at])[0]
        payload = struct.pack(">II", 0, n_edits) + struct.pack(">IIHH", 60_000, 0, 1, 0) * n_edits
        grown = len(payload) + 8 - length
        new = bytearray(data[: at + 4] + payload + data[at - 4 + length :])
        for kind in (b"elst", b"edts", b"trak", b"moov"):
            start = data.index(kind) - 4
            new[start : start + 4] = struct.pack(">I", struct.unpack(">I", data[start : start + 4])[0] + grown)
        return bytes(new)

    return change


def restamped(by):
    """Packets with stamps of `moved`, as their container takes any."""
    return "a.nut", remuxed("s.mkv", packets=moved(by), encoder={"bf": "0"})


FAST = {"movflags": "faststart"}
FRAGMENTS = {"movflags": "frag_keyframe+empty_moov"}
SHORT_GROUPS = {"g": "10"}
H264 = video()
HEADER_FIRST = video(container=FAST, encoder=SHORT_GROUPS)
STREAM = video(format="mpegts", encoder=SHORT_GROUPS)
MOTION_JPEG = video(codec="mjpeg", pix_fmt="yuvj420p", **AVI_BASE)
COVER = ("video", {"codec": "png", "pix_fmt": "rgb24", "numbers": [200], "disposition": Disposition.attached_pic})
OTHER_SIZE = video(format="mpegts", size_px=(96, 80))

# Name of the kind -> (file name, how to make it). Every frame that was written is read, in order.
WHOLE = {
    "H.264 in MP4": ("a.mp4", H264),
    "H.264 in Flash video": ("a.flv", H264),
    "VP8 with hidden frames": ("a.webm", video(codec="libvpx", encoder={"auto-alt-ref": "1", "lag-in-frames": "16"})),
    "AV1": ("a.mp4", video(codec="libsvtav1", encoder={"preset": "8", "crf": "1"}, size_px=(128, 96))),
    "MPEG-2 in a program stream": ("a.mpg", video(codec="mpeg2video", **AVI_BASE, format="vob", encoder={"bf": "2"})),
    "H.264, interlaced": ("a.mp4", video(encoder={"x264-params": "interlaced=1"}, size_px=(64, 64))),
    "MPEG-2 in MXF": ("a.mxf", video(codec="mpeg2video", fps=25, time_base=Fraction(1, 25), encoder={"g": "12"})),
    "FFV1, grey, 16 bits": ("a.mkv", video(codec="ffv1", pix_fmt="gray16le")),
    "no compression in AVI": ("a.avi", video(codec="rawvideo", **AVI_BASE)),
    "QuickTime animation with alpha": ("a.mov", video(codec="qtrle", pix_fmt="argb")),
    "animated PNG": ("a.apng", video(codec="apng", pix_fmt="rgb24")),
    "very wide": ("a.mp4", video(size_px=(4096, 16))),
    "turned by 3 degrees": ("a.mp4", video(rotation_deg=3)),
    "a matrix of zeros": (
        "a.mp4",
        changed(H264, replaced(struct.pack(">9I", 65536, 0, 0, 0, 65536, 0, 0, 0, 2**30), bytes(36))),
    ),
    "pixels 1 : 5000": ("a.mp4", video(sample_aspect=Fraction(1, 5000))),
    "pixels 60000 : 1": ("a.mkv", video(sample_aspect=Fraction(60000, 1))),
    "dropped frames": ("a.mp4", video(times_s=[Fraction(n + n // 7, 30) for n in ALL])),
    "a pause of an hour": ("a.mkv", video(times_s=[Fraction(n, 30) + 3600 * (n > 20) for n in ALL])),
    "1000 a second": ("a.mp4", video(fps=1000, time_base=Fraction(1, 1000))),
    "one in ten seconds": ("a.mkv", video(times_s=[Fraction(10 * n) for n in ALL])),
    "stamps far below zero": restamped(lambda n, step: -(2**40) + n * step),
    "stamps of 2 ** 60": restamped(lambda n, step: 2**60 + n * step),
    "stamps from one end to the other": restamped(lambda n, step: (n - 20) * 2**44),
    "key frames alone": ("a.mp4", video(encoder={"g": "1"})),
    "intra refresh": ("a.mp4", video(encoder={"x264-params": "intra-refresh=1:keyint=10"})),
    "sound first": ("a.mp4", streams(("audio", {}), ("video", {}))),
    "sound longer than the pictures": ("a.mkv", streams(("video", {}), ("audio", {"seconds": 20}))),
    "the second stream is the default": (
        "a.mkv",
        streams(("video", {"numbers": [200] * N, "disposition": 0}), ("video", {"disposition": Disposition.default})),
    ),
    "a cover before the video": ("a.mp4", streams(COVER, ("video", {}))),
    "Motion JPEG in AVI": ("a.avi", MOTION_JPEG),
    "a title in Latin-1": ("a.mp4", changed(video(metadata={"title": "TITLE"}), replaced(b"TITLE", b"K\xfcr!!"))),
    "a key in Latin-1": ("a.mkv", changed(video(metadata={"TAGKEY": "v"}), replaced(b"TAGKEY", b"\xc4\xd6\xdcKEY"))),
    "sixteen frames": ("a.mp4", video(n_frames=16)),
    "a hole of zeros after the end": ("a.mkv", changed(H264, lambda data: data + bytes(100_000))),
    "Matroska named MP4": ("a.mp4", video(format="matroska")),
    "MP4 named text": ("a.txt", video(format="mp4")),
    "a name of a pattern": ("a%03d.mp4", H264),
    "a name of a protocol": ("concat:a|b.mp4", H264),
    "a name that begins with a dash": ("-i.mp4", H264),
    "a name in Chinese": ("跳水 飛込.mp4", H264),
    "a name that is no text": ("caf\udce9.mp4", video(format="mp4")),
    "a name of 250 letters": ("n" * 246 + ".mp4", H264),
    "a link": ("a.mp4", linked(H264)),
}

# Part of what was written is read, in order and at its place, or one sentence says why not.
PART = {
    f"{kind} cut at {share:.0%}": (name, changed(make, cut(share)))
    for kind, name, make, shares in (
        ("header first,", "a.mp4", HEADER_FIRST, (0.3, 0.6, 0.9, 0.99)),
        ("Matroska", "a.mkv", video(encoder=SHORT_GROUPS), (0.3, 0.6, 0.9, 0.99)),
        ("WebM", "a.webm", video(codec="libvpx"), (0.5, 0.9)),
        ("AVI", "a.avi", MOTION_JPEG, (0.5, 0.9)),
        ("a transport stream", "a.ts", STREAM, (0.5, 0.95)),
        ("fragments", "a.mp4", video(container=FRAGMENTS, encoder=SHORT_GROUPS), (0.5, 0.9)),
        ("GIF", "a.gif", video(codec="gif", pix_fmt="rgb8", fps=25, time_base=Fraction(1, 100)), (0.7,)),
        ("H.264 alone,", "a.h264", video(format="h264", encoder=SHORT_GROUPS), (0.7,)),
    )
    for share in shares
}
PART |= {
    "zeros at the end": ("a.mp4", changed(HEADER_FIRST, zeroed(0.8, 1.0))),
    "zeros in the middle": ("a.mp4", changed(HEADER_FIRST, zeroed(0.5, 0.55))),
    "zeros in the middle of a transport stream": ("a.ts", changed(STREAM, zeroed(0.5, 0.6))),
    "a transport stream, its beginning lost": ("a.ts", changed(STREAM, lambda data: data[1000:])),
    "an index beyond the file": ("a.avi", changed(MOTION_JPEG, lambda data: data[:-8] + b"\xff" * 8)),
    "H.264 with noise": ("a.mp4", changed(HEADER_FIRST, noise(0.003))),
    "no key frame at the start": (
        "a.mkv",
        remuxed("s.mp4", packets=lambda packets: packets[3:], encoder={"g": "20", "bf": "0"}),
    ),
    "the size changes": ("a.ts", joined(video(format="mpegts"), OTHER_SIZE)),
    "two MP4s": ("a.mp4", joined(H264, H264)),
    "something before the beginning": ("a.mp4", changed(H264, lambda data: b"\0" * 512 + data)),
    "an edit list of a hundred": ("a.mp4", changed(H264, with_edits(100))),
    "a chunk beyond the file": ("a.mp4", changed(H264, number_in(b"stco", 12, 2**31))),
    "offsets of stamps of 2 ** 31": ("a.mp4", changed(H264, number_in(b"ctts", 12, 2**31 - 1, 2**31 - 1))),
    "a time scale of nothing": ("a.mp4", changed(H264, number_in(b"mdhd", 16, 0))),
    "a stream of no size": ("a.mp4", changed(H264, number_in(b"avc1", 28, 0))),
    "a size in the header that is not the stream's": ("a.mp4", changed(H264, number_in(b"avc1", 28, 0xFFFF_FFFF))),
    "the codec of another": ("a.mp4", changed(H264, replaced(b"avc1\0", b"hvc1\0"))),
    "2 x 2": ("a.mkv", video(codec="ffv1", size_px=(2, 2), pix_fmt="gray")),
}

# One sentence, whatever the reader may make of them.
REFUSED_KINDS = {
    "a pipe": ("a.mp4", lambda path: os.mkfifo(path)),
    "a link to /dev/zero": ("a.mp4", lambda path: path.symlink_to("/dev/zero")),
    "a link to itself": ("a.mp4", lambda path: path.symlink_to(path)),
    "a link to nothing": ("a.mp4", lambda path: path.symlink_to("gone.mp4")),
    "a terabyte of nothing": ("a.mp4", lambda path: (path.touch(), os.truncate(path, 10**12))),
    "one frame": ("a.mp4", video(n_frames=1)),
    "a PNG of a pattern": ("a%03d.png", image("png", "rgb24")),
    "a PNG of 256 megapixels": ("a.png", image("png", "gray", (16_000, 16_000))),
    "sound in Matroska": ("a.mka", streams(("audio", {}))),
    "sound with a cover": ("a.mp4", streams(("audio", {}), COVER)),
    "frames of 64 megapixels": ("a.mkv", video(codec="ffv1", pix_fmt="gray", size_px=(8192, 8192), n_frames=2)),
    "a list of files": ("a.mp4", content("ffconcat version 1.0\nfile a.mp4\n")),
    "a session of the network": (
        "a.sdp",
        content("v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"),
    ),
    "Matroska, its head alone": ("a.mkv", changed(H264, lambda data: data[:100])),
    "the header without the frames": ("a.mp4", changed(HEADER_FIRST, lambda data: data[: data.index(b"mdat")])),
    "50 million samples of a byte": ("a.mp4", changed(H264, number_in(b"stsz", 8, 1, 50_000_000))),
    "a hundred thousand edits": ("a.mp4", changed(H264, with_edits(100_000))),
    "boxes in boxes": ("a.mp4", content(box(b"ftyp", b"isom\0\0\0\0") + nested(b"moov", 20_000))),
    "a box of 2 ** 63": ("a.mp4", content(box(b"ftyp", b"isom\0\0\0\0") + box(b"moov", struct.pack(">Q", 2**63), 1))),
    "EBML in EBML": (
        "a.mkv",
        content(b"\x1a\x45\xdf\xa3\x80" + b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff" * 10_000),
    ),
    "H.264 of no meaning": ("a.h264", content(b"\0\0\0\1\x67" + np.random.default_rng(1).bytes(5_000))),
}
