"""Python runs this before any program: here, it puts a defect into the services of a proof, and no other."""

import importlib
import os
import sys

SERVICES = {f"paybus.{name}" for name in ("pay", "refund", "cancel", "notifier", "reconciler")}

name = os.environ.get("MUTATION")
if name and SERVICES.intersection(sys.orig_argv):
    importlib.import_module(f"tests.mutations.{name}").apply()
