"""How many submissions are under way at a time."""

from concurrent.futures import Future

import pytest
from classes import NOTEBOOK, seeds, texts

from course_lib.grading import workers
from course_lib.grading.apart import Reply
from course_lib.grading.grade import Job


class Four:
    """Has room for four, and notes how many there were at a time."""

    def __init__(self):
        self.under_way, self.most = 0, 0

    def room(self):
        return 4

    def submit(self, *job):
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        done = Future()
        done.set_result(Reply({"status": "ok"}))
        return done

    def reply(self, future):
        self.under_way -= 1
        return future.result()


@pytest.mark.parametrize("alone, most", [(False, 4), (True, 1)])
def test_as_many_as_there_is_room_for_or_one_that_is_alone(alone, most):
    four = Four()
    todo = ((number, Job("ada", NOTEBOOK, b"", texts(), seeds())) for number in range(9))
    assert sorted(number for number, _ in workers.grade_all(four, todo, alone)) == list(range(9))
    assert four.most == most
