"""The likelihood of choices under a model.

data            observations as arrays
scan            the definition: a ``pytensor.scan`` over trials
compiled        faster forms, generated from the model's definition
compiled_step   one trial of the compiled form, as a scalar graph
compiled_loop   source code of the loop over trials of the compiled form
"""
