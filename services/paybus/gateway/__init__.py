"""Their wire: everything that knows how the gateway signs, encrypts, spells and answers."""
