"""How the tables of the record came to be what they are, step by step; `cellcount.record.opening` runs the steps."""
