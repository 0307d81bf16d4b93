"""Figures of a study, drawn from the tables in ``summary/``; nothing is fitted or scored here.

catalogue     every figure with its title, tables and drawing function; writes its files
style         sizes, fonts, colours and markers, as the config says; saving
compose       figures that are composed of other figures
layout        panels of a page: which are shown, where they stand, how high they are
axes          limits, ticks and labels of axes; titles of panels
panels        what several figures draw in their panels: marks of cells, strips, notes
legends       legends and their entries
labels        symbols of parameters and short texts
subsets       which levels, numbers of trials and designs a figure shows
truth_axis    horizontal axis of true values
model_names   short names of models as tick labels
recovery      estimates against true values
bias          bias and RMSE over the true values
nested        bias and RMSE of every cell, side by side
comparison    methods compared with the first method on the same data
coverage      coverage at every nominal level
calibration   calibration over the prior: PIT values, coverage at all levels
calibrated_contraction  z-score against contraction, with truths from the prior
zipplot       every interval, sorted by the error of its estimate
precision     RMSE and interval width against trials, and against participants
tradeoff      errors of two parameters against each other
contraction   posterior contraction against z-score
effects       measures of effects against their true size, for the next three figures
effect_axis   horizontal axis of the true sizes of an effect
power         how often effects are found, and the type I error
sign_and_size  wrong signs and exaggeration of effects that were found
effect_estimates  bias and coverage of effects
reliability   agreement with a second session and with the truth
convergence   shares of flagged estimates, and run time
confusion     best-fitting model for each generating model
misfit        bias when another model is fitted than the one that simulated
participant   one simulated participant
predictive    predictive check of a data set
posterior     one posterior with its true values
"""
