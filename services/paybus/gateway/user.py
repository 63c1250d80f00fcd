"""What the gateway knows of an operator, its user, and of his company (docs/protocol.md §5.8).

Numbers are named in `dictionary.py`; what cannot be read is None.
"""

from dataclasses import dataclass

from paybus.gateway.members import Members


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A merchant as the gateway keeps him; `code` is the merchant id, `time_limit` minutes."""

    id: str | None
    name: str | None
    code: str | None
    useable: int | None
    del_flag: int | None
    amount_limit: str | None
    refund_at_scene: int | None
    charge_mode: int | None
    profit: str | None
    time_limit: int | None
    is_upload_goods: int | None
    private_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An operator; `login_date` is text in China time as it came."""

    id: str | None
    company_id: str | None
    login_name: str | None
    name: str | None
    user_type: int | None
    login_date: str | None
    login_flag: int | None
    del_flag: int | None
    imei: str | None
    te_type: int | None
    app_ver: str | None
    login_status: int | None
    company: Company | None


def read_user(members: Members) -> User:
    """Read the `user` of a reply."""
    company = members.below("COMPANY")
    return User(
        id=members.text("ID"),
        company_id=members.text("COMPANYID"),
        login_name=members.text("LOGINNAME"),
        name=members.text("NAME"),
        user_type=members.integer("USERTYPE"),
        login_date=members.text("LOGINDATE"),
        login_flag=members.integer("LOGINFLAG"),
        del_flag=members.integer("DELFLAG"),
        imei=members.text("IMEI"),
        te_type=members.integer("TETYPE"),
        app_ver=members.text("APPVER"),
        login_status=members.integer("LOGINSTATUS"),
        company=None if company is None else _read_company(company),
    )


def _read_company(members: Members) -> Company:
    return Company(
        id=members.text("ID"),
        name=members.text("NAME"),
        code=members.text("CODE"),
        useable=members.integer("USEABLE"),
        del_flag=members.integer("DELFLAG"),
        amount_limit=members.text("AMOUNTLIMIT"),
        refund_at_scene=members.integer("REFUNDATSCENE"),
        charge_mode=members.integer("CHARGEMODE"),
        profit=members.text("PROFIT"),
        time_limit=members.integer("TIMELIMIT"),
        is_upload_goods=members.integer("ISUPLOADGOODS"),
        private_url=members.text("PRIVATEURL"),
    )
