"""Apache Kafka's jars from Maven, fetched once into a cache outside the tree."""

import fcntl
import hashlib
import os
from pathlib import Path
import re
import shutil
import subprocess
import tempfile

POM = Path(__file__).parent / "pom.xml"
OLDEST_JAVA = 17  # Kafka 4's server is compiled for it
DOWNLOAD_SECONDS = 240  # 43 MB; five seconds on a good day


class KafkaUnavailableError(Exception):
    """Apache Kafka cannot run here; the text says why."""


def kafka_version() -> str:
    """Return the version the pom asks for, as `4.1.1`."""
    found = re.search(r"<kafka\.version>(.+?)</kafka\.version>", POM.read_text())
    assert found is not None
    return found[1]


def resolve_jars() -> Path:
    """Return the folder of jars, fetched on first use; raises KafkaUnavailableError with the reason."""
    _check_java()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "paybus-tests"
    cache.mkdir(parents=True, exist_ok=True)
    jars = cache / f"kafka-{kafka_version()}-{hashlib.sha256(POM.read_bytes()).hexdigest()[:8]}"
    with (cache / f"{jars.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another run may be fetching the same
        if not jars.exists():
            _download(jars)
    return jars


def _download(jars: Path) -> None:
    """Fill a folder of another name and rename it: the cache never holds a part."""
    with tempfile.TemporaryDirectory(prefix=f"{jars.name}.", dir=jars.parent) as part:
        folder = Path(part, "jars")
        command = ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies"]
        command += [f"-DoutputDirectory={folder}", "-DincludeScope=runtime"]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=DOWNLOAD_SECONDS
            )
        except subprocess.TimeoutExpired as error:
            raise KafkaUnavailableError(f"Maven did not fetch the jars in {DOWNLOAD_SECONDS} s") from error
        if done.returncode != 0:
            raise KafkaUnavailableError(f"Maven could not fetch the jars: {_first_error(done.stdout)}")
        folder.rename(jars)


def _first_error(output: str) -> str:
    errors = [line for line in output.splitlines() if "[ERROR]" in line]
    return (errors or ["no reason given"])[0].replace("[ERROR]", "").strip()[:300]


def _check_java() -> None:
    for program in ("java", "mvn"):
        if shutil.which(program) is None:
            raise KafkaUnavailableError(f"there is no {program} on the path")
    done = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False, timeout=30)
    found = re.search(r'version "(\d+)', done.stderr)
    if found is None or int(found[1]) < OLDEST_JAVA:
        raise KafkaUnavailableError(
            f"java is {found[1] if found else 'of no known version'}, not {OLDEST_JAVA}+"
        )
