"""What a workflow expects of an answer, told from what later states read and from past answers.

It is a guess by its nature, and is shown as one: nothing is refused by it unless a person makes it
a rule. What an answer really does, the forecast says.
"""
