"""Who is who in the kit's small world: one device, three authorities above it, and two that are strangers (pure)."""

DEVICE = "kit-s01"
OTHER_DEVICE = "kit-s02"
COMMUNE = "kit-commune"
PROVINCE = "kit-province"
COUNTRY = "kit-country"
STRANGER = "kit-stranger"
"""Its key is in the device file, but the device does not follow it."""
FOLLOWS = (COMMUNE, PROVINCE, COUNTRY)
VILLAGE = "kit-v01"
OTHER_VILLAGE = "kit-v02"
ZONE = "kit-zone"
PLACES = (VILLAGE, COMMUNE, PROVINCE)
LANGUAGES = ("vi", "tay")
OWN_LOG = f"d/{DEVICE}"
LOGS = (*FOLLOWS, OWN_LOG)
