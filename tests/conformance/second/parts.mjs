// What of an order's parts one cluster sounds, and how long (protocol, section 9).

function spoken(part, languages) {
  const own = languages.filter((language) => part.say[language]);
  return (own.length ? own : [part.first]).map((language) => part.say[language]);
}

/** The versions a listener of these languages hears, each an array of renditions. */
export const versionsOf = (parts, languages) => parts.filter((part) => part.say).flatMap((part) => spoken(part, languages));

/** How long all parts last once, in milliseconds. */
export const onceOf = (parts, languages) =>
  parts.reduce((sum, part) => sum + (part.tone ?? part.gap ?? spoken(part, languages).reduce((all, version) => all + version[0].dur, 0)), 0);
