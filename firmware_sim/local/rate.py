"""A bucket of permits that fills again with time (pure)."""


class Bucket:
    """At most `burst` at once, and one more every `every_s` seconds."""

    def __init__(self, burst: int, every_s: float) -> None:
        self._burst, self._every_s = burst, every_s
        self._left, self._at_s = float(burst), 0.0

    def take(self, now_s: float) -> bool:
        """Whether there was a permit; now_s never goes back."""
        self._left = min(self._burst, self._left + max(0.0, now_s - self._at_s) / self._every_s)
        self._at_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True
