"""The words for people, each as a process beside a real daemon."""
