"""The ways to reach a model. Only the gateway and the composition root use them."""
