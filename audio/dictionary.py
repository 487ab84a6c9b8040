"""How a commune says its words: its own dictionary, which wins over the built-in one."""

from sqlalchemy.ext.asyncio import AsyncSession

from audio import repository
from audio.models import DictionaryWord
from audio.spoken_vi import check_entry
from base.errors import NotFound, Refused
from base.times import Clock

MOST_WORDS = 5_000


class Dictionary:
    """Every method works inside the caller's transaction."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def words(self, session: AsyncSession, commune_id: str) -> dict[str, str]:
        """What is written → how it is said."""
        return {word.written: word.said for word in await repository.words(session, commune_id)}

    async def rows(self, session: AsyncSession, commune_id: str) -> list[DictionaryWord]:
        """The same with who changed each word, and when."""
        return await repository.words(session, commune_id)

    async def put(
        self, session: AsyncSession, commune_id: str, written: str, said: str, *, user_id: str | None
    ) -> DictionaryWord:
        """Add a word or change how it is said. Raises Refused, also when the dictionary is full."""
        kept, words = check_entry(written, said)
        row = await repository.word(session, commune_id, kept)
        if row is None:
            if len(await repository.words(session, commune_id)) >= MOST_WORDS:
                raise Refused("audio.dictionary_full", limit=MOST_WORDS)
            new = DictionaryWord(commune_id=commune_id, written=kept, said=words, changed_at=self._clock())
            row = await repository.add_word(session, new)
        row.said, row.changed_at, row.changed_by = words, self._clock(), user_id
        await session.flush()
        return row

    async def drop(self, session: AsyncSession, commune_id: str, written: str) -> None:
        """Take a word out. Raises NotFound."""
        kept = "\0" not in written  # PostgreSQL does not even look for it
        row = await repository.word(session, commune_id, written) if kept else None
        if row is None:
            raise NotFound("audio.entry_unknown", written=written[:60])
        await session.delete(row)
        await session.flush()
