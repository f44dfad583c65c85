"""Methods: pure functions of arrays, with their assumptions and sources. They import nothing of ours."""
