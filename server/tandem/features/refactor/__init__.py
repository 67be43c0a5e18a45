"""Plan a refactoring, carry it out step by step, accept it."""
