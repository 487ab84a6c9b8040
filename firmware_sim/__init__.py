"""The reference speaker: firmware for a Linux board, and thousands of simulated ones in one process."""
