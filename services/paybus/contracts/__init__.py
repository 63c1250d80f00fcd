"""Our wire: commands, events, headers and topics; the only source of schemas/."""
