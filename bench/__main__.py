"""`python -m bench`; the client processes import this module anew, so it imports nothing itself."""

if __name__ == "__main__":
    from bench.command import main

    raise SystemExit(main())
