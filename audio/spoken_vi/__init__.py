"""Written Vietnamese into what is said aloud: numbers, dates, times, units, money, codes and abbreviations (pure)."""

from audio.spoken_vi.accents import Accent
from audio.spoken_vi.entries import check_entry
from audio.spoken_vi.piece import Piece
from audio.spoken_vi.scanner import LIMIT, explain, speak

__all__ = ["LIMIT", "Accent", "Piece", "check_entry", "explain", "speak"]
