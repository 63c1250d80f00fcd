"""`python -m paybus.cancel`."""

from paybus.cancel.flow import CANCEL
from paybus.runtime.consumer import serve

if __name__ == "__main__":
    serve(CANCEL)
