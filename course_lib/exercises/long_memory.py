"""Notebook 07, long memory: what is asked, how it is called, and hints."""

from course_lib.exercises import Exercise

EXERCISES: tuple[Exercise, ...] = ()
