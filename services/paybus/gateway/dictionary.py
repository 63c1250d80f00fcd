"""The gateway's dictionaries: what its numbers and codes are called (docs/protocol.md §5.8, §7).

All of them are open: a value that is not listed is no error, it is kept and stands for itself. What a
return code proves about money is another table, `trades/return_code.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Generic, TypeVar

Value = TypeVar("Value", int, str)


@dataclass(frozen=True, slots=True)
class Dictionary(Generic[Value]):
    """Names by value; `names` lists them in the document's order."""

    names: Mapping[Value, str]

    def name_of(self, value: Value | None) -> str:
        """Give the name; a value that is not listed as it is, "" for none."""
        if value is None:
            return ""
        return self.names.get(value, str(value))

    def label_of(self, value: Value | None) -> str:
        """Give name and value, such as `Alipay (1)`; a value that is not listed as it is, "" for none."""
        if value is None or value not in self.names:
            return self.name_of(value)
        return f"{self.names[value]} ({value})"


def _of(names: dict[Value, str]) -> Dictionary[Value]:
    return Dictionary(MappingProxyType(names))


CHANNELS: Final = _of(
    {
        0: "decided by the gateway",
        1: "Alipay",
        2: "WeChat",
        3: "China Merchants Bank",
        4: "ICBC",
        5: "China Construction Bank",
        6: "Bank of Communications",
        7: "Everbright Bank",
        8: "Huaxia Bank",
        9: "Agricultural Bank",
        10: "SPD Bank",
        11: "Minsheng Bank",
        12: "Industrial Bank",
        13: "Bank of China",
        14: "CITIC Bank",
        15: "Guangfa Bank",
        16: "Ping An Bank",
        17: "reserved",
        18: "Shenzhen Development Bank",
        19: "HSBC",
        20: "Bank of East Asia",
        21: "Hang Seng Bank",
        22: "Citibank",
        23: "Standard Chartered",
        24: "Baidu Wallet",
        25: "China Mobile HeBao",
        26: "Unicom",
        27: "China Telecom YiPay",
        28: "Mi Wallet",
        29: "Apple Pay",
        30: "Samsung Pay",
        31: "QQ Wallet",
        32: "UnionPay card",
        34: "Alipay on mobile web",
    }
)
"""CHANNEL_TYPE (docs/protocol.md §7.2)."""

FUND_CHANNELS: Final = _of(
    {
        "00": "Alipay bonus",
        "10": "Alipay balance",
        "11": "WeChat",
        "12": "QQ Wallet",
        "30": "Alipay Jifenbao",
        "40": "discount voucher",
        "41": "WeChat cash coupon",
        "42": "QQ Wallet coupon",
        "60": "Alipay prepaid card",
        "70": "Alipay credit",
        "80": "prepaid card",
        "90": "consumer loan",
        "100": "Alipay financial account",
        "101": "store card of the merchant",
        "102": "coupon of the merchant",
        "103": "bank card through Alipay",
        "104": "bonus of the merchant",
        "9001": "bank card through a bank",
        "9002": "random discount",
        "9003": "free",
        "9004": "discount above a threshold",
    }
)
"""FUND_CHANNEL (docs/protocol.md §7.3); texts, in which a leading zero counts."""

STATES: Final = _of(
    {
        0: "waits to be paid",
        1: "paid",
        2: "revoked",
        3: "revocation applied for",
        4: "refunded in part",
        5: "refunded",
        6: "closed",
        7: "refunded or revoked",
        8: "refund under way",
        9: "refund failed",
        10: "to be refunded",
        11: "refund succeeded",
        12: "refund did not take place",
        13: "refund did not take place",
        14: "cancellation of the order succeeded",
    }
)
"""STATE (docs/protocol.md §7.4). 7 is a filter only; 12 and 13 mean the same to us."""

RETURN_CODES: Final = _of(
    {
        "SUCCESS": "done",
        "FAIL": "refused",
        "ILLEGAL_PARAMETER": "a parameter is wrong",
        "INVALID_SIGN": "the sign is wrong",
        "AMT_ERROR": "the amount is wrong",
        "DATABASE_ERROR": "trouble inside the gateway",
        "INVALID_CONTRACT": "the contract does not allow it",
        "UNREGISTERED_BUSI": "no such merchant",
        "EXCEPTION": "unknown trouble",
        "CHARGE_NONEXISTENT": "no such transaction",
        "SERVICE_UNAVAILABLE": "the service is away",
        "HTTP_EXCEPTION": "trouble behind the gateway",
        "IO_EXCEPTION": "trouble behind the gateway",
        "CREATE_SECURITY_CONNECTION_ERROR": "no secure connection behind the gateway",
        "AREADY_REVOKED": "revoked already",
        "SERIAL_REPEAT": "the number was used already",
    }
)
"""RESULT.CODE (docs/protocol.md §7.5), as `members.return_code` gives it."""

SCANS: Final = _of({1: "active", 2: "passive"})
"""CODE_SCAN_TYPE (docs/protocol.md §5.6)."""

VOUCHER_STATES: Final = _of({0: "worthless", 1: "good"})
"""isActive (docs/protocol.md §5.10); that 1 is good is our reading of its name."""

# What an operator's account says (docs/protocol.md §5.8).
USER_TYPES: Final = _of({1: "may not refund", 2: "may refund"})
LOGIN_FLAGS: Final = _of({0: "disabled", 1: "enabled"})
LOGIN_STATUSES: Final = _of({0: "off line", 1: "on line"})
REVIEWS: Final = _of({0: "in review", 1: "approved", 2: "refused"})  # useable
REFUNDS_AT_SCENE: Final = _of({0: "yes", 1: "no"})
CHARGE_MODES: Final = _of({1: "off line", 2: "till"})
