// What of an order's parts one cluster sounds, and how long (protocol, section 9).

function spoken(part, languages) {
  const own = languages.filter((language) => part.say[language]);
  return (own.length ? own : [part.first]).map((language) => part.say[language]);
}

/** The versions a listener of these languages hears, each an array of renditions. */
export const versionsOf = (parts, languages) =>
  parts.map((part) => (part.say ? part : part.with ?? part.else)).filter((part) => part?.say).flatMap((part) => spoken(part, languages));

function lengthOf(part, languages, before) {
  if (part.fill) return Math.max(0, part.fill - before);
  return part.tone ?? part.gap ?? part.stream ?? spoken(part, languages).reduce((all, version) => all + version[0].dur, 0);
}

/** How long all parts last once, in milliseconds. */
export const onceOf = (parts, languages) => parts.reduce((sum, part) => sum + lengthOf(part, languages, sum), 0);
