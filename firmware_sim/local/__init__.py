"""The page on the device's own network: what it is doing, a bundle in, a return file out."""
