"""The teacher's side: building the notebooks, grading submissions. Never loaded in a student's kernel."""

import sys

# nbformat imports jsonschema, which would spend a second in every process on a grammar of web addresses.
sys.modules.setdefault("rfc3987_syntax", None)
