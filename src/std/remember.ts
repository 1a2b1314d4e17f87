// What is asked again and again of the same few texts. Clients choose the texts, so there is a most that is kept.

/** Nobody writes a longer one again and again. */
const LENGTH_MAX = 256;

/** The function, which remembers what it said of up to `max` short texts, and begins anew when there are more. */
export function remembering<T>(max: number, of: (text: string) => T): (text: string) => T {
  const said = new Map<string, T>();
  return (text) => {
    const known = said.get(text);
    if (known !== undefined) return known;
    const found = of(text);
    if (text.length > LENGTH_MAX) return found;
    if (said.size >= max) said.clear();
    said.set(text, found);
    return found;
  };
}
