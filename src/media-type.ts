const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const ESSENCE = new RegExp(`^[\\t ]*(${TOKEN}/${TOKEN})[\\t ]*(?:;|$)`);
const VALUE = `(?:${TOKEN}|"(?:[^"\\\\\\x00-\\x1f\\x7f]|\\\\[^\\x00-\\x1f\\x7f])*")`;
// Each blank has one place in it where it can match: otherwise `; ; ; "` takes exponential time.
const PARAMETERS = new RegExp(`^[\\t ]*(?:;[\\t ]*(?:${TOKEN}=${VALUE}[\\t ]*)?)*$`);

/**
 * The `type/subtype` of a Content-Type value in lower case, or null when the whole value is not one well-formed media type
 * (RFC 9110 §8.3.1). Null too for a list: a browser takes its last member, whatever the first one is.
 */
export function essenceOf(contentType: string): string | null {
  const match = ESSENCE.exec(contentType);
  if (match === null) return null;
  const [, essence = ""] = match;
  return PARAMETERS.test(contentType.slice(contentType.indexOf(essence) + essence.length))
    ? essence.toLowerCase()
    : null;
}

/**
 * Whether a browser may run script in a document of this type (HTML, XML of every kind, SVG, PDF) or treat it as code, under any of the
 * names that script has or had (https://mimesniff.spec.whatwg.org/#javascript-mime-type).
 */
export function isActive(essence: string): boolean {
  return /\+xml$|\/(?:xml|xml-.*|xsl|xslt|html|pdf|x-pdf|(?:x-)?(?:java|ecma|j|live|vb)script(?:1\.\d)?|x-shockwave-flash|mathml|hta|mhtml|x-mimearchive)$|^multipart\/|^message\//.test(
    essence,
  );
}
