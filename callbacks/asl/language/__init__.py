"""What Step Functions evaluates: paths, payload templates, intrinsic functions, JSONata, Choice.

Each function gives the value that AWS would, raises `StateFails` where the state would fail there,
or `CannotPredict` where nobody can say. It never guesses.
"""
