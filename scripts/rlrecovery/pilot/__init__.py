"""Pilot data: what they say about the parameters of a population, and a study planned from them.

- `design`: task and sizes of a data set
- `reading`: what a file holds, and what is odd about it
- `fit`: the exact hierarchical posterior, and what the data added to the prior
- `calibration`: whether that posterior is calibrated where these people are
- `planned`: a config whose true values are draws from that posterior
- `figure`: the estimates of the participants
- `page`: what the pilot data say, in sentences and as a page
- `study`: all of these, and the files that `make pilot` writes
"""
