"""`python -m deploy.dashboards write|check`: make the JSON of every dashboard, or say which is another."""

from pathlib import Path
import sys

from deploy.dashboards.collection import drifted, write

FOLDER = Path(__file__).parents[1] / "helm" / "paybus" / "dashboards"


def main(task: str) -> int:
    """Do the task; gives 1 when a file is missing, differs or is one too many."""
    if task == "write":
        write(FOLDER)
        return 0
    wrong = drifted(FOLDER)
    for name in wrong:
        sys.stderr.write(f"{name} is not what `make dashboards` writes\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
