"""`paybus ledger restored`: the gateway is asked about whatever a restored ledger may have forgotten."""
