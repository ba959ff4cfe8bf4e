"""Report of torch on this machine, as JSON: `python -m fineparser_core.health.probe [DEVICE [PRECISION]]`.

The report runs in its own process, so that its caller needs no torch and survives a driver that crashes or hangs.
"""

import json
import sys

from fineparser_core.errors import ConfigError


def main(device: str = "auto", precision: str = "auto") -> int:
    """Print the facts; return the exit code."""
    import torch

    from fineparser_core.support.device import choose_device, choose_precision, device_names

    facts: dict[str, object] = {
        "torch": torch.__version__,
        "cuda_build": torch.version.cuda,
        "mps_build": torch.backends.mps.is_built(),
        "threads": torch.get_num_threads(),
        "devices": device_names(),
    }
    try:
        chosen = choose_device(device)
        facts |= {"device": chosen.type, "precision": choose_precision(chosen, precision)}
    except ConfigError as error:
        facts["problem"] = str(error)
    print(json.dumps(facts))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
