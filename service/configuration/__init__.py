"""Settings of the commands and the service: defaults, a TOML file, the environment, the command line."""
