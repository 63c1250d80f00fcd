"""`python -m paybus.exporter`."""

from paybus.exporter.composition import main
from paybus.runtime.service import run
from paybus.runtime.settings import BusSettings, load_settings

if __name__ == "__main__":
    run("exporter", main, load_settings(BusSettings))
