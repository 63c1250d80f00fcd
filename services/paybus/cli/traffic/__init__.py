"""Made-up order services: what they ask for, when, and what they hear of it."""
