"""The command line: `main.py` runs the command that `catalog.py` finds, or a room's verb.

Each command's parts are imported only when it is called. Imports run down this list only: main;
doctor, service, run; commands; verbs; terminal; daemon_process; contract, catalog,
pages.
"""
