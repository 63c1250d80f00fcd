"""`python -m paybus.reconciler`."""

from paybus.reconciler.composition import start
from paybus.reconciler.settings import ReconcilerSettings
from paybus.runtime.service import Service, run
from paybus.runtime.settings import load_settings, read_merchants, read_profile


def serve() -> None:
    """Run the reconciler until it is stopped; exits the process."""
    settings = load_settings(ReconcilerSettings)
    merchants, profile = read_merchants(settings), read_profile(settings)

    async def main(service: Service, settings: ReconcilerSettings) -> None:
        await start(service, settings, merchants, profile)
        await service.until_stopped()

    run("reconciler", main, settings)


if __name__ == "__main__":
    serve()
