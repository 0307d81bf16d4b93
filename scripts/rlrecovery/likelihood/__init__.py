"""The likelihood of choices under a model.

data             observations as arrays
scan             the definition: a ``pytensor.scan`` over trials
evaluate         the log-likelihood as a function of arrays, by either form
symbolic         log-likelihood and log-odds as PyTensor variables, by either form
compiled         the compiled form: machine code, generated from the definition and kept on disk
compiled_step    one trial of the compiled form, as a scalar graph
compiled_trial   this graph as source code
compiled_loop    source code of the loop over participants and trials
compiled_native  machine code of this loop
compiled_file    files of machine code
compiled_key     hash of all that machine code depends on
"""
