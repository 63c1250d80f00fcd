"""What each return code proves about an operation that was sent: reviewed data, held here a second time."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st
import pytest
from tests.trades.examples import rows

from paybus.trades.operation import Kind
from paybus.trades.outcome import Verdict
from paybus.trades.return_code import RETURN_CODES, Next, meaning_of

# "?" behind a verdict: to be confirmed by an inquiry before it is believed.
EXPECTED = rows("""
                                 pay       refund    cancel
SUCCESS                          executed  executed? executed
FAIL                             declined? declined? declined?
ILLEGAL_PARAMETER                declined  declined  declined
INVALID_SIGN                     declined  declined  declined
AMT_ERROR                        declined  declined  declined
INVALID_CONTRACT                 declined  declined  declined
UNREGISTERED_BUSI                declined  declined  declined
CHARGE_NONEXISTENT               unknown?  declined? declined?
AREADY_REVOKED                   unknown?  declined? executed
SERIAL_REPEAT                    unknown?  unknown?  unknown?
EXCEPTION                        unknown   unknown   unknown
DATABASE_ERROR                   unknown   unknown   unknown
SERVICE_UNAVAILABLE              unknown   unknown   unknown
HTTP_EXCEPTION                   unknown   unknown   unknown
IO_EXCEPTION                     unknown   unknown   unknown
CREATE_SECURITY_CONNECTION_ERROR unknown   unknown   unknown
""")
PAIRS = list(product(EXPECTED, Kind))


def test_every_code_of_the_protocol_is_listed_and_no_other() -> None:
    """The table covers the protocol's sixteen codes (docs/protocol.md §7.5), for each kind of operation."""
    assert set(RETURN_CODES) == set(EXPECTED)
    assert len(EXPECTED) == 16
    assert all(set(meanings) == set(Kind) for meanings in RETURN_CODES.values())


@pytest.mark.parametrize(("code", "kind"), PAIRS)
def test_every_code_for_every_kind(code: str, kind: Kind) -> None:
    """Each listed code means for each kind what the independently written table says."""
    meaning, expected = meaning_of(code, kind), EXPECTED[code][kind]
    assert meaning.listed
    assert meaning.verdict == expected.rstrip("?")
    assert (meaning.next is Next.ASK) == expected.endswith("?")


@pytest.mark.parametrize(("code", "kind"), PAIRS)
def test_no_code_says_that_sending_again_is_safe(code: str, kind: Kind) -> None:
    """A reply proves that the request arrived; "not executed" takes an inquiry or a failed connection."""
    assert meaning_of(code, kind).verdict is not Verdict.NOT_EXECUTED


@given(st.text(max_size=40), st.sampled_from(Kind))
def test_an_unlisted_code_is_unknown(code: str, kind: Kind) -> None:
    """Whatever else the gateway writes as a code is unknown, never success or failure."""
    if code not in EXPECTED:
        assert not meaning_of(code, kind).listed
        assert meaning_of(code, kind).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("code", ["", "success", "SUCESS", " FAIL", "99999", "OK"])
def test_codes_are_compared_as_they_are_read(code: str) -> None:
    """Spellings are mended where replies are read; here a near miss stays unknown, the SDK's 99999 too."""
    assert not meaning_of(code, Kind.PAY).listed


def test_table_cannot_be_changed() -> None:
    """The table of return codes is data that nobody can write to."""
    with pytest.raises(TypeError):
        RETURN_CODES["SUCCESS"][Kind.REFUND] = RETURN_CODES["SUCCESS"][Kind.PAY]  # type: ignore[index]
