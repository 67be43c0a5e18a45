"""How an API's prefix cache really behaves: which requests tell it, and what they told.

Pure, and blind to money and network: ``machine`` says what to send or how long to wait, whoever
drives it (``commands.probe``) does so and reports back.
"""
