"""The commands that need one file each; the others have a folder of their own."""
