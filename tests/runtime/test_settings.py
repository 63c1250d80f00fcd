"""Settings that are missing or wrong are told in sentences, without their values, before anything starts."""

from pathlib import Path
import pickle
import re

from pydantic import ValidationError
import pytest
from tests.runtime.program import finish, lines, program

from paybus.gateway.profile import Profile
from paybus.runtime.settings import BusSettings, MerchantSettings, Settings, WorkerSettings, read_profile

LOAD = "settings = load_settings(WorkerSettings); merchants = read_merchants(settings); print(len(merchants))"
WHOLE = {"database_url": "postgresql://paybus:hush-hush@db/paybus", "kafka_bootstrap": "kafka:9092"}


def refused(folder: Path, settings: dict[str, str], text: str = LOAD) -> list[str]:
    with program(folder, text, settings) as process:
        code, printed, complained = finish(process)
    assert (code, printed) == (2, [])
    return complained.splitlines()


def worker(**values: object) -> WorkerSettings:
    return WorkerSettings(**{**WHOLE, "merchants_directory": "/merchants", **values})  # type: ignore[arg-type]


def test_every_missing_setting_is_told_in_one_sentence_with_exit_code_2(tmp_path: Path) -> None:
    """The sentence has the name as it must be written and says what to write; all come at once."""
    told = refused(tmp_path, {"kafka_bootstrap": ""})
    assert sorted(sentence.split(" is missing: write ")[0] for sentence in told) == [
        "PAYBUS_DATABASE_URL",
        "PAYBUS_KAFKA_BOOTSTRAP",
        "PAYBUS_MERCHANTS_DIRECTORY",
    ]
    assert any("such as postgresql://user:password@host:5432/paybus." in sentence for sentence in told)


def test_a_service_needs_only_what_its_class_names(tmp_path: Path) -> None:
    """The exporter starts without merchants, and every service that needs nothing starts with nothing."""
    for kind, settings in (("Settings", {}), ("BusSettings", WHOLE)):
        with program(tmp_path, f"print(type(load_settings({kind})).__name__)", settings) as process:
            assert finish(process) == (0, [kind], "")


def test_a_wrong_setting_is_told_without_its_value(tmp_path: Path) -> None:
    """A password in a mistyped database URL stays where it was."""
    wrong = {
        "database_url": "mysql://paybus:hush-hush@db/paybus",
        "in_flight": "hush-hush",
        "log_level": "hush-hush",
    }
    told = refused(tmp_path, {**WHOLE, **wrong, "merchants_directory": "/"})
    assert "hush" not in "".join(told)
    assert len(told) == 3
    assert (
        "PAYBUS_IN_FLIGHT cannot be used: write a whole number from 1 to 10000: "
        "how many calls to the gateway one process makes at once." in told
    )


def test_merchants_that_cannot_be_loaded_are_told_the_same_way(tmp_path: Path) -> None:
    """One sentence for each problem of each file, exit code 2, and no value."""
    (tmp_path / "1.toml").write_text('key = "short"\nbase_url = "http://gateway/"\n')
    told = refused(tmp_path, {**WHOLE, "merchants_directory": str(tmp_path)})
    assert told == [
        f"PAYBUS_MERCHANTS_DIRECTORY: {tmp_path}/1.toml: oper_id is missing.",
        f"PAYBUS_MERCHANTS_DIRECTORY: {tmp_path}/1.toml: dev_id is missing.",
        f"PAYBUS_MERCHANTS_DIRECTORY: {tmp_path}/1.toml: key must have at least 8 characters.",
    ]


def test_a_profile_that_cannot_be_loaded_is_told_the_same_way(tmp_path: Path) -> None:
    """One sentence for each problem, exit code 2; a service that names no profile needs none."""
    profile = tmp_path / "profile.toml"
    profile.write_text('[return_codes.X]\npay = "no"\n[capabilities]\nluck = 1\n')
    begin = f"PAYBUS_PROFILE: {profile}: "
    load = "from paybus.runtime.settings import read_profile; read_profile(load_settings(WorkerSettings))"
    told = refused(tmp_path, {**WHOLE, "merchants_directory": "/", "profile": str(profile)}, load)
    assert told == [
        f"{begin}return_codes.X: pay must be one of executed, declined, not_executed, unknown.",
        f"{begin}capabilities.luck is not a setting.",
    ]
    assert read_profile(worker())() == Profile()


def test_loaded_secrets_never_reach_the_log(tmp_path: Path) -> None:
    """The password of the ledger and the merchants' keys are registered as they are read."""
    (tmp_path / "1.toml").write_text(
        'key = "0123456789abcdef"\nbase_url = "http://gateway/"\noper_id = "1"\ndev_id = "1"\n'
    )
    text = """
    import structlog
    settings = load_settings(WorkerSettings)
    [merchant] = read_merchants(settings).values()

    async def main(service, settings):
        structlog.get_logger().info("said", text=f"{merchant.key} p@ss%word p%40ss%25word", settings=settings)

    run("x", main, settings)
    """
    url = "postgresql://paybus:p%40ss%25word@db/paybus"
    with program(
        tmp_path, text, {**WHOLE, "database_url": url, "merchants_directory": str(tmp_path)}
    ) as process:
        code, _, complained = finish(process)
    assert code == 0
    assert '"text":"[redacted] [redacted] [redacted]"' in complained
    assert not re.search("p@ss|p%40ss|0123456789abcdef", complained)


def test_a_key_that_changes_later_is_used_and_never_logged(tmp_path: Path) -> None:
    """The new key counts within a second; the log says who changed, and what is wrong with a broken file."""
    file = tmp_path / "1.toml"
    written = 'key = "0123456789abcdef"\nbase_url = "http://gateway/"\noper_id = "1"\ndev_id = "1"\n'
    file.write_text(written)
    text = f"""
    import structlog
    from pathlib import Path
    settings = load_settings(WorkerSettings)
    merchants = read_merchants(settings)
    file = Path({str(file)!r})

    async def main(service, settings):
        file.write_text({written.replace("0123", "another-key-4567")!r})
        while merchants["1"].key == "0123456789abcdef":
            await asyncio.sleep(0.01)
        structlog.get_logger().info("said", text=merchants["1"].key)
        file.write_text("broken")
        file.with_name("2.toml").write_text({written!r})
        while len(merchants) < 2:
            await asyncio.sleep(0.01)

    run("x", main, settings)
    """
    with program(tmp_path, text, {**WHOLE, "merchants_directory": str(tmp_path)}) as process:
        code, _, complained = finish(process)
    assert code == 0
    assert "another-key" not in complained
    news = [line for line in lines(complained) if line["event"].startswith("merchant.") or "text" in line]
    assert [line["event"] for line in news] == [
        "merchant.loaded",
        "said",
        "merchant.loaded",
        "merchant.file_refused",
    ]
    assert news[1]["text"] == "[redacted]"
    assert news[3]["problems"] == [f"{file}: is not a TOML file in UTF-8"]


def test_the_password_is_not_in_any_text_of_the_settings() -> None:
    """Neither repr, str, a dump nor a validation error shows it."""
    settings = worker()
    assert "hush" not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    with pytest.raises(ValidationError) as refused:
        worker(database_url="http://u:hush-hush@db", kafka_bootstrap="hush-hush")
    assert "hush" not in f"{refused.value} {refused.value!r}"
    assert settings.database_url.get_secret_value() == WHOLE["database_url"]


def test_settings_are_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once read they do not change, neither by assignment nor with the environment."""
    settings = worker()
    with pytest.raises(ValidationError, match="frozen"):
        settings.in_flight = 5  # type: ignore[misc]
    monkeypatch.setenv("PAYBUS_IN_FLIGHT", "7")
    assert settings.in_flight == 1000
    assert worker().in_flight == 7
    assert pickle.loads(pickle.dumps(settings)) == settings  # noqa: S301 -- our own bytes


@pytest.mark.parametrize(
    ("heartbeat", "fence", "lease"), [(1.0, 5.0, 5.0), (3.5, 3.5, 5.0), (5.0, 3.0, 2.0), (1.0, 0.5, 5.0)]
)
def test_a_worker_stops_sending_before_others_may_claim_its_operations(
    heartbeat: float, fence: float, lease: float
) -> None:
    """Heartbeat < fence < lease, or the settings are refused: two owners would be two payments."""
    with pytest.raises(ValidationError, match="must grow in this order"):
        worker(heartbeat_seconds=heartbeat, fence_seconds=fence, lease_seconds=lease)


def test_settings_that_contradict_each_other_are_told_in_a_sentence(tmp_path: Path) -> None:
    """The sentence names both and what to write."""
    told = refused(tmp_path, {**WHOLE, "merchants_directory": "/", "max_open": "1", "in_flight": "2"})
    assert told == ["PAYBUS_MAX_OPEN must not be below PAYBUS_IN_FLIGHT: write the same or more."]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p@h:5432/paybus",
        "postgres://h/paybus",
        "postgresql://postgres@/paybus?host=%2Ftmp%2Fx",
    ],
)
def test_ledger_urls_in_use_are_taken(url: str) -> None:
    """The embedded server's URL with a socket, and those of real servers."""
    assert worker(database_url=url).database_url.get_secret_value() == url


@pytest.mark.parametrize(
    "brokers", ["kafka", "kafka:", "kafka:9092,", "a:1 b:2", "http://kafka:9092", ":9092"]
)
def test_brokers_that_are_not_host_and_port_are_refused(brokers: str) -> None:
    """A mistake is told at the start and not as a name that cannot be resolved, for ever."""
    with pytest.raises(ValidationError):
        worker(kafka_bootstrap=brokers)
    assert worker(kafka_bootstrap="a:1,[::1]:9092").kafka_bootstrap == "a:1,[::1]:9092"


@pytest.mark.parametrize(
    "url", ["pay.example/cb", "ftp://pay.example", "http://", "http://a/?x=1", "http://a:0/"]
)
def test_the_callback_address_is_an_http_url(url: str) -> None:
    """What the gateway could not call is refused; a slash at the end makes no difference."""
    with pytest.raises(ValidationError):
        worker(notify_base_url=url)
    assert worker(notify_base_url="https://pay.example/cb/").notify_base_url == "https://pay.example/cb"


@pytest.mark.parametrize("kind", [Settings, BusSettings, MerchantSettings, WorkerSettings])
def test_every_setting_says_what_to_write_and_every_number_is_bounded(kind: type[Settings]) -> None:
    """No setting can be refused without words, and none takes any number there is."""
    for name, field in kind.model_fields.items():
        assert field.description, name
        assert not field.description.endswith("."), name
        if field.annotation in {int, float}:
            bounds = {type(bound).__name__ for bound in field.metadata}
            assert bounds == {"Ge", "Le"}, name
