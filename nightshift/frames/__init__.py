"""Pictures at the door: found, decoded safely, known by their content, split by clip; and labels of data sets."""
