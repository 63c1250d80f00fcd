"""What every deployable needs to run: settings, start and stop, health, the embedded broker and database."""
