"""What `make check` runs: linters, types, the order of rooms, drift. Every check runs."""

import subprocess
import sys
import time

from rich.console import Console

CHECKS = {
    "ruff format": ["ruff", "format", "--check", "."],
    "ruff": ["ruff", "check", "."],
    "mypy": ["mypy"],
    "import-linter": ["lint-imports"],
    "schemas": ["paybus", "schemas", "check", "schemas"],
    "chart": ["python", "-m", "tests.deploy"],
    "dashboards": ["python", "-m", "deploy.dashboards", "check"],
}


def main() -> int:
    """Run every check, print what failed, and give 1 if any did."""
    console = Console()
    failed = 0
    for name, command in CHECKS.items():
        begun = time.monotonic()
        program = f"{sys.exec_prefix}/bin/{command[0]}"
        done = subprocess.run([program, *command[1:]], capture_output=True, text=True, check=False)
        verdict = "ok" if done.returncode == 0 else "FAILED"
        console.print(f"{name:<14} {verdict}  {time.monotonic() - begun:.1f} s", highlight=False)
        if done.returncode:
            failed = 1
            console.print(done.stdout + done.stderr, markup=False, highlight=False)
        for line in done.stdout.splitlines():
            if line.startswith("skipped: ") and not done.returncode:
                console.print(line, markup=False, highlight=False)
    return failed


if __name__ == "__main__":
    sys.exit(main())
