"""Looking after what rounds have left behind: where things stand, whether all of it is whole, and what may go."""
