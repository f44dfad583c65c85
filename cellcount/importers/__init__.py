"""Published data, which are already estimates of people, straight to a release: one file a published data set."""
