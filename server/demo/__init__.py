"""The Bảo Nhai fleet on one machine, start to finish, every process real."""
