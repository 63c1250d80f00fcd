"""What is said of merchants whose files change while a service runs."""

from collections.abc import Sequence

import structlog

from paybus.gateway.merchant import Merchant
from paybus.telemetry.redaction import register_secret

_log = structlog.get_logger(__name__)


class MerchantNews:
    """Keeps new keys out of the log, and writes into it who came, went or cannot be read."""

    def loaded(self, merchant: Merchant) -> None:
        """Say that a merchant is new or has changed."""
        register_secret(merchant.key)
        _log.info("merchant.loaded", merchant_id=merchant.merchant_id)

    def removed(self, merchant_id: str) -> None:
        """Say that a merchant's file is gone: nothing more is done for him."""
        _log.warning("merchant.removed", merchant_id=merchant_id)

    def refused(self, problems: Sequence[str]) -> None:
        """Say what is wrong with files that were changed; their merchants stay as they were."""
        _log.error("merchant.file_refused", problems=list(problems))
