"""What is carried by hand: how devices are reached, bundles prepared and handed over, return files taken in."""
