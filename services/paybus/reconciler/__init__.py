"""The deployable that finds out what nobody told us: lost callbacks, overdue payments, days that differ."""
