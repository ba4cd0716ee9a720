"""Reads cases of derived values, a JSON document a line, and answers each with its value and steps."""

import json
import sys

from protocol_derived import derive

for line in sys.stdin:
    print(json.dumps(derive(json.loads(line))))
