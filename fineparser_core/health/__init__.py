"""State of an installation and whether it works: versions, processor and GPU, codecs, weights, exemplars, disk, log."""
