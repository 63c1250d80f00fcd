"""Where things go: charts have a folder of their own, for a chart and its image have the same name."""

from dataclasses import dataclass

from deploy.publish.errors import PublishError

NAME = "paybus"
_SCHEME = "oci://"


@dataclass(frozen=True, slots=True)
class Registry:
    """A place for images and charts, as `registry.example.com/team`."""

    place: str
    plain_http: bool

    @classmethod
    def parse(cls, address: str, *, plain_http: bool) -> "Registry":
        """Read `oci://host/path`; raises PublishError for anything else."""
        place = address.removeprefix(_SCHEME).rstrip("/")
        if place == address.rstrip("/") or not place or "://" in place or "@" in place:
            raise PublishError("the registry is not of the form oci://host/path")
        return cls(place, plain_http)

    @property
    def charts(self) -> str:
        """Where `helm push` puts charts."""
        return f"{_SCHEME}{self.place}/charts"

    @property
    def chart(self) -> str:
        """The chart, without its version."""
        return f"{self.charts}/{NAME}"

    @property
    def image(self) -> str:
        """The image, without tag and digest."""
        return f"{self.place}/{NAME}"

    @property
    def plainly(self) -> list[str]:
        """What helm and oras have to be told about the connection."""
        return ["--plain-http"] if self.plain_http else []
