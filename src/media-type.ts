const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const ESSENCE = new RegExp(`^[\\t ]*(${TOKEN}/${TOKEN})[\\t ]*(?:;|$)`);
const VALUE = `(?:${TOKEN}|"(?:[^"\\\\\\x00-\\x1f\\x7f]|\\\\[^\\x00-\\x1f\\x7f])*")`;
// Each blank can match in one place only: otherwise `; ; ; "` would take exponential time.
const PARAMETERS = new RegExp(`^[\\t ]*(?:;[\\t ]*(?:${TOKEN}=${VALUE}[\\t ]*)?)*$`);

/**
 * The `type/subtype` of a Content-Type value in lower case, or null if the value is not exactly one well-formed media
 * type (RFC 9110 §8.3.1). A list is null too, since browsers use its last member.
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
 * Whether a browser may run script in a document of this type (HTML, any XML, SVG, PDF) or treat it as code. Includes
 * all names that JavaScript has or had (https://mimesniff.spec.whatwg.org/#javascript-mime-type).
 */
export function isActive(essence: string): boolean {
  return /\+xml$|\/(?:xml|xml-.*|xsl|xslt|html|pdf|x-pdf|(?:x-)?(?:java|ecma|j|live|vb)script(?:1\.\d)?|x-shockwave-flash|mathml|hta|mhtml|x-mimearchive)$|^multipart\/|^message\//.test(
    essence,
  );
}
