class Refused(Exception):
    """What cannot be done, in words for the user."""
