"""The chaos bench. The people, the plans and the model of the simulation serve it, too."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "simulation"))
