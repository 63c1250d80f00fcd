"""What every test may use; the fixtures themselves are in tests/plugins."""

pytest_plugins = [
    "tests.plugins.evidence",
    "tests.plugins.brokers",
    "tests.plugins.browser",
    "tests.plugins.databases",
    "tests.plugins.monitors",
]
