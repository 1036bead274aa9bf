"""The rooms, called as plain functions on a store in memory."""
