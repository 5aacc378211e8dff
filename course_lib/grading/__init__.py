"""The teacher's side: building the notebooks, grading submissions. Never loaded in a student's kernel."""
