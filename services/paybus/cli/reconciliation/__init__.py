"""What was asked, done and told, laid side by side: pure functions over the evidence of one run."""
