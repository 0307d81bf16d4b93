"""Designs that meet requirements: from the measures of a study to the next design."""
