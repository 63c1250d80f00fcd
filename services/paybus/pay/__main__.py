"""`python -m paybus.pay`."""

from paybus.pay.flow import PAY
from paybus.runtime.consumer import serve

if __name__ == "__main__":
    serve(PAY)
