"""Whole histories of one trade against a gateway with books of its own, which judges what we announced."""

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.trades.books import Books
from tests.trades.examples import AMOUNT, a_trade, an_operation

from paybus.trades.conclusion import Conclusion, conclude, expire
from paybus.trades.happening import UNVERSIONED, Happening
from paybus.trades.judgement import join_reply, judge_inquiry, judge_reply
from paybus.trades.money import Fen
from paybus.trades.notice import notice
from paybus.trades.operation import ON_ITS_WAY, OPEN, Kind, Method, Operation, OperationState
from paybus.trades.outcome import Facts, Outcome, Source, Verdict
from paybus.trades.start import Patience, start
from paybus.trades.trade import Trade, TradeState

FATES = st.sampled_from(["done", "refused", "refused_after_all_done", "lost", "held"])
HEARD = st.sampled_from(["answer", "silence", "trouble", "crash"])
PAY = "pay"
CANCEL = "cancel"


class Histories(RuleBasedStateMachine):
    """One trade, its pay, a cancel and some refunds, with lost calls, lost answers, crashes and callbacks."""

    def __init__(self) -> None:
        super().__init__()
        self.books = Books(AMOUNT)
        self.trade: Trade = a_trade(TradeState.ACCEPTED)
        self.operations: dict[str, Operation] = {}
        self.told: list[tuple[str, Happening]] = []
        self.late_callback = False
        self.overdue = False

    @initialize(method=st.sampled_from([Method.BARCODE, Method.NATIVE]))
    def accept_pay(self, method: Method) -> None:
        """Take in the pay."""
        self.operations[PAY] = an_operation(Kind.PAY, OperationState.WAITING, method=method)

    @precondition(lambda self: len(self.operations) < 6)
    @rule(amount=st.integers(min_value=1, max_value=AMOUNT))
    def accept_refund(self, amount: int) -> None:
        """Take in a refund."""
        number = f"R{len(self.operations)}"
        refund = an_operation(Kind.REFUND, OperationState.WAITING, amount_fen=Fen(amount))
        self.operations[number] = replace(refund, key=number)

    @precondition(lambda self: CANCEL not in self.operations or self._is_ours_and_waits())
    @rule()
    def accept_cancel(self) -> None:
        """Take in the cancel, or let a person take over the automatic one."""
        cancel = an_operation(Kind.CANCEL, OperationState.WAITING)
        self.operations[CANCEL] = replace(cancel, overdue=self.overdue)

    @precondition(lambda self: not self.overdue and self._pay_is_unknown())
    @rule()
    def run_out_of_time(self) -> None:
        """Let a pay of which nobody knows pass its deadline: it is not sent any more, and is cancelled."""
        self.overdue = True
        cancel = an_operation(Kind.CANCEL, OperationState.WAITING, automatic=True)
        self.operations[CANCEL] = replace(self.operations.get(CANCEL, cancel), overdue=True)

    @rule(pick=st.integers(min_value=0, max_value=9), fate=FATES, heard=HEARD)
    def send(self, pick: int, fate: str, heard: str) -> None:
        """Send one waiting operation, if it may be sent now."""
        waiting = self._in({OperationState.WAITING})
        if not waiting:
            return
        key = waiting[pick % len(waiting)]
        patience = Patience(expired=self.overdue and key == PAY)
        self._settle(key, start(self.operations[key], self.trade, patience))
        if self.operations[key].state is OperationState.READY:
            self.operations[key] = replace(self.operations[key], reply_code=None)
            self._attempt(key, fate, heard)

    @rule(pick=st.integers(min_value=0, max_value=9), lag_over=st.booleans(), trouble=st.booleans())
    def inquire(self, pick: int, lag_over: bool, trouble: bool) -> None:
        """Ask about one operation that may be at the gateway; inside the lag it may not show yet."""
        asked_about = self._in(ON_ITS_WAY)
        if asked_about:
            self._ask(asked_about[pick % len(asked_about)], lag_over=lag_over, trouble=trouble)

    @rule()
    def grow_old(self) -> None:
        """Let the pay pass its deadline."""
        self._settle(PAY, expire(self.operations[PAY], self.trade))

    @precondition(lambda self: self.books.state == 0)
    @rule(confirms=st.booleans())
    def customer_decides(self, confirms: bool) -> None:
        """Let the customer pay the waiting order, or the gateway put it away."""
        self.books.charge() if confirms else self.books.give_up()

    @rule(state=st.sampled_from([11, 12]))
    def refunds_end(self, state: int) -> None:
        """Let the gateway finish the refunds it is working on."""
        for refund in self.books.refunds.values():
            refund.state = state if refund.state == 10 else refund.state

    @precondition(lambda self: self.books.charges)
    @rule()
    def call_back(self) -> None:
        """Tell us (again) of the payment."""
        _, heard = notice(self.trade, Facts(amount_fen=AMOUNT, gateway_state=1))
        assert heard is not None
        self.late_callback = self.late_callback or self.books.state == 2
        self._note(PAY, heard.happenings, heard.trade)

    @invariant()
    def nothing_happens_twice(self) -> None:
        """Each operation has at most one effect at the gateway."""
        assert self.books.charges <= 1
        assert all(refund.times == 1 for refund in self.books.refunds.values())
        assert self.books.revocations <= 1

    @invariant()
    def no_more_goes_back_than_was_paid(self) -> None:
        """Refunds and a revocation together never return more than was paid, in our books and in theirs."""
        trade = self.trade
        assert 0 <= trade.refunded_fen + trade.reserved_fen <= trade.paid_fen
        assert self.books.returned_fen <= AMOUNT

    @invariant()
    def what_is_on_its_way_is_held(self) -> None:
        """Reservations are exactly those of the refunds on their way; so is the mark of the cancel."""
        on_its_way = [self.operations[key] for key in self._in(ON_ITS_WAY)]
        held = sum(one.amount_fen for one in on_its_way if one.kind is Kind.REFUND)
        assert self.trade.reserved_fen == held
        assert self.trade.cancelling == any(one.kind is Kind.CANCEL for one in on_its_way)

    @invariant()
    def events_say_what_the_gateway_did(self) -> None:
        """No event contradicts the gateway's books; this gateway is truthful, so there is no discrepancy."""
        for key, happening in self.told:
            match happening:
                case Happening.TRADE_PAID:
                    assert self.books.charges == 1
                case Happening.TRADE_DECLINED:
                    assert self.books.charges == 0
                case Happening.COMMAND_REJECTED if key == PAY:
                    assert self.books.charges == 0
                case Happening.TRADE_REVOKED | Happening.TRADE_CLOSED:
                    assert self.books.state == 2
                case Happening.COMMAND_REJECTED if key == CANCEL:
                    assert self.books.revocations == 0
                case Happening.REFUND_SUCCEEDED:
                    assert self.books.refunds[key].state == 11
                case Happening.REFUND_FAILED:
                    assert key not in self.books.refunds or self.books.refunds[key].state == 12
                case Happening.TRADE_DISCREPANCY:
                    assert self.late_callback

    @invariant()
    def finished_means_known(self) -> None:
        """See that the trade of a pay that is over tells how it ended."""
        if self.operations and self.operations[PAY].state not in OPEN:
            assert self.trade.state not in {TradeState.ACCEPTED, TradeState.UNKNOWN}

    def teardown(self) -> None:
        """When the gateway answers again, asking leaves nothing unknown."""
        if self.books.state == 0:
            self.books.give_up()
        self.refunds_end(11)
        for key in self._in(ON_ITS_WAY):
            self._ask(key, lag_over=True, trouble=False)
        assert not self._in(ON_ITS_WAY)
        self.events_say_what_the_gateway_did()
        self.no_more_goes_back_than_was_paid()

    def _in(self, states: set[OperationState] | frozenset[OperationState]) -> list[str]:
        return [key for key, one in self.operations.items() if one.state in states]

    def _attempt(self, key: str, fate: str, heard: str) -> None:
        operation = self.operations[key]
        if fate == "lost":
            refused = heard == "answer"  # the connection was refused: certainly nothing was sent
            verdict = Verdict.NOT_EXECUTED if refused else Verdict.UNKNOWN
            if heard != "crash":
                self._conclude(key, Outcome(verdict=verdict, source=Source.REPLY))
            return
        code = self._execute(operation, fate)
        match heard:
            case "answer" | "trouble":
                code = code if heard == "answer" else "EXCEPTION"
                self._conclude(key, judge_reply(operation.kind, code, Facts(), amount_fen=AMOUNT))
            case "silence":
                self._conclude(key, Outcome(verdict=Verdict.UNKNOWN, source=Source.REPLY, reason="timeout"))

    def _execute(self, operation: Operation, fate: str) -> str:
        """Do it, or not, and give the return code."""
        if operation.kind is Kind.CANCEL and self.books.state in {None, 2}:
            return "CHARGE_NONEXISTENT" if self.books.state is None else "AREADY_REVOKED"
        if fate != "refused":
            self._do(operation, held=fate == "held")
        if operation.kind is Kind.PAY and fate == "held":
            return "EXCEPTION"
        return "SUCCESS" if fate in {"done", "held"} else "FAIL"

    def _do(self, operation: Operation, *, held: bool) -> None:
        match operation.kind:
            case Kind.PAY if operation.method is Method.BARCODE and not held:
                self.books.charge()
            case Kind.PAY:
                self.books.state = 0
            case Kind.REFUND:
                self.books.refund(operation.key, operation.amount_fen)
            case Kind.CANCEL:
                self.books.revoke()

    def _is_ours_and_waits(self) -> bool:
        cancel = self.operations[CANCEL]
        return cancel.automatic and cancel.state is OperationState.WAITING

    def _pay_is_unknown(self) -> bool:
        pay = self.operations.get(PAY)
        unknown = {OperationState.UNKNOWN, OperationState.PENDING}
        return pay is not None and pay.method is Method.BARCODE and pay.state in unknown

    def _ask(self, key: str, *, lag_over: bool, trouble: bool) -> None:
        operation = self.operations[key]
        code, facts = self.books.answer(key if operation.kind is Kind.REFUND else None)
        if trouble:
            code, facts = ("SERVICE_UNAVAILABLE", Facts()) if lag_over else ("CHARGE_NONEXISTENT", Facts())
        asked = judge_inquiry(operation.kind, code, facts, amount_fen=AMOUNT, lag_over=lag_over)
        self._conclude(key, join_reply(operation, asked))

    def _conclude(self, key: str, outcome: Outcome) -> None:
        operation = self.operations[key]
        concluded = conclude(operation, self.trade, outcome)
        self.operations[key] = replace(operation, reply_code=outcome.reply_code or operation.reply_code)
        self._settle(key, concluded)

    def _settle(self, key: str, concluded: Conclusion) -> None:
        assert concluded.trade is not None
        self._become(key, concluded.state)
        self._note(key, concluded.happenings, concluded.trade)

    def _become(self, key: str, state: OperationState) -> None:
        self.operations[key] = replace(self.operations[key], state=state)

    def _note(self, key: str, happenings: tuple[Happening, ...], after: Trade) -> None:
        versioned = [one for one in happenings if one not in UNVERSIONED]
        assert after.version == self.trade.version + len(versioned)
        self.told += [(key, happening) for happening in happenings]
        self.trade = after


Histories.TestCase.settings = settings(max_examples=500, stateful_step_count=50, deadline=None)
TestHistories = Histories.TestCase
