"""A course on recurrent neural networks: library, exercises and grader.

Importing this package imports nothing else; ``from course_lib import backend`` loads what it names.
"""

__version__ = "0.1.0"
