"""`python -m paybus.exporter`."""

from paybus.exporter.composition import main
from paybus.exporter.settings import ExporterSettings
from paybus.runtime.service import run
from paybus.runtime.settings import load_settings

if __name__ == "__main__":
    run("exporter", main, load_settings(ExporterSettings))
