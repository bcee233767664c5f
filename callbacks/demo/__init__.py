"""The demo on one machine: sample people, sample workflows, and the processes that run it all."""
