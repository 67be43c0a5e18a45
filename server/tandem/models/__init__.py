"""Models on the user's own machine: which are installed, how they come there, what runs them."""
