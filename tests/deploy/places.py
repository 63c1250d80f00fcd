"""Where the things are that are deployed."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
DEPLOY: Final = ROOT / "deploy"
CHART: Final = DEPLOY / "helm" / "paybus"
EXAMPLES: Final = tuple(sorted((CHART / "ci").glob("*-values.yaml")))
