/** Of a text that somebody else sent; undefined when it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // JSON.parse has no other way to say so.
    return undefined;
  }
}
