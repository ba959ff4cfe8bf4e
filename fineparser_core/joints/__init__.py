"""Detection of the diver's joints. No torch.

The pose network of the bundled weights was taught by rendered bodies, BlazePose by photographs of people who stand:
each is wrong where the other is right. Both look at every sample of the flight, BlazePose at the diver turned four
ways, and a path through time is chosen among their poses.
"""
