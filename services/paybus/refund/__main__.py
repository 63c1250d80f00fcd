"""`python -m paybus.refund`."""

from paybus.refund.flow import REFUND
from paybus.runtime.consumer import serve

if __name__ == "__main__":
    serve(REFUND)
