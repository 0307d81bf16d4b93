"""Studies that are killed with SIGKILL and resumed: `make test-kills`."""
