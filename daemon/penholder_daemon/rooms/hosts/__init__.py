"""Hosts: `methods` is what callers reach, `records` what other rooms may use, too."""
