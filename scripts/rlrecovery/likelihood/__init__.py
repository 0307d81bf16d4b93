"""The likelihood of choices under a model.

data       observations as arrays
scan       the definition, a ``pytensor.scan`` over trials
compiled   faster forms, generated from the model's definition
"""
