# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Five cells

# %% tags=["setup"]
import numpy as np

from course_lib.checking import check, earned

# %% [markdown]
# ## Five cells
#
# Write five functions.


# %% tags=["answer"] exercise="sigmoid"
def sigmoid(x):
    ### BEGIN SOLUTION
    return 1 / (1 + np.exp(-x))
    ### END SOLUTION


# %% tags=["check"] exercise="sigmoid"
check(sigmoid)
### BEGIN HIDDEN TESTS
earned(sigmoid)
### END HIDDEN TESTS


# %% tags=["answer"] exercise="step"
def step(W, U, b, x, h):
    ### BEGIN SOLUTION
    return np.tanh(x @ W + h @ U + b)
    ### END SOLUTION


# %% tags=["check"] exercise="step"
check(step)
### BEGIN HIDDEN TESTS
earned(step)
### END HIDDEN TESTS


# %% tags=["answer"] exercise="unroll"
def unroll(W, U, b, X):
    ### BEGIN SOLUTION
    h, states = np.zeros((X.shape[1], U.shape[0])), []
    for x in X:
        h = step(W, U, b, x, h)
        states.append(h)
    return np.stack(states)
    ### END SOLUTION


# %% tags=["check"] exercise="unroll"
check(unroll)
### BEGIN HIDDEN TESTS
earned(unroll)
### END HIDDEN TESTS


# %% tags=["answer"] exercise="clip"
def clip(g, c):
    ### BEGIN SOLUTION
    return g * min(1, c / np.linalg.norm(g))
    ### END SOLUTION


# %% tags=["check"] exercise="clip"
check(clip)
### BEGIN HIDDEN TESTS
earned(clip)
### END HIDDEN TESTS


# %% tags=["answer"] exercise="softmax"
def softmax(x):
    ### BEGIN SOLUTION
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)
    ### END SOLUTION


# %% tags=["check"] exercise="softmax"
check(softmax)
### BEGIN HIDDEN TESTS
earned(softmax)
### END HIDDEN TESTS
