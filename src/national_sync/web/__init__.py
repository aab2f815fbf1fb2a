"""The kiosk: the HTTP service, its devices and cards, and the touch page."""
