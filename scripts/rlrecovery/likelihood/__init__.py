"""The likelihood of choices under a model.

data       observations as arrays
scan       the definition, a ``pytensor.scan`` over trials
compiled   faster forms, generated from the model's definition
step       one trial of a model as a scalar graph
loop       source code of the loop over trials
"""
