"""Apache Kafka's jars from Maven, fetched once into a cache outside the tree."""

from pathlib import Path
import re
import shutil
import subprocess

from tests.cache import cached

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
    return cached(f"kafka-{kafka_version()}", [POM.read_bytes()], _download)


def _download(folder: Path) -> None:
    command = ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies"]
    command += [f"-DoutputDirectory={folder}", "-DincludeScope=runtime"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=DOWNLOAD_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise KafkaUnavailableError(f"Maven did not fetch the jars in {DOWNLOAD_SECONDS} s") from error
    if done.returncode != 0:
        raise KafkaUnavailableError(f"Maven could not fetch the jars: {_first_error(done.stdout)}")


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
