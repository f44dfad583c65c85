"""From deliveries of mobile-network cell counts to maps that a decision can rest on."""

__version__ = "0.1.0"
