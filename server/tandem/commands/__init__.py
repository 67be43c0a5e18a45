"""The subcommands of `tandem` other than `serve`, one module each."""
