/**
 * Takes out of a diagnosis what an outsider must not see: secrets altogether, and the handles of LUNs, which become
 * `<lun 1>`, `<lun 2>` and so on, the same one each time, so that what belongs together can still be told.
 */

/** Fields that hold a LUN's id or another handle of it, in our objects and in the operator's log. */
const HANDLE_FIELD = /(lun|lunids?|identifiers?|handles?|snapshotids?)$/i;
/** Fields that hold what opens a door. */
const SECRET_FIELD = /^(authorization|token|password|passphrase|headers|ca|cert|key|tls|data|stringData|.*secret)$/i;
/** What looks like a secret or a page 83 identifier, wherever it stands. */
const SECRET_TEXT: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [^-]+-----[\s\S]*?(-----END [^-]+-----|$)/g, '<redacted>'],
  [/\b(Bearer|Basic) +[A-Za-z0-9+/=._~-]+/gi, '$1 <redacted>'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '<redacted>'],
  [/\b(naa|eui)\.[0-9a-f]+\b/gi, '<identifier>'],
];
/** What an id of a LUN is made of: an id inside a longer one is not that id. */
const ID_CHARACTER = 'A-Za-z0-9._:-';

const REDACTED = '<redacted>';

/** Knows the handles of one diagnosis. Everything is `learn`ed before anything is `redact`ed. */
export class Redaction {
  readonly #names = new Map<string, string>();

  /** Takes note of the handles in a value: texts and lists of texts in fields that hold handles. */
  learn(value: unknown): void {
    walk(value, (field, text) => {
      if (HANDLE_FIELD.test(field)) this.#nameOf(text);
    });
  }

  /** The same value without secrets and handles. Numbers, booleans and the names of fields stay. */
  redact(value: unknown): unknown {
    return this.#redact(value, this.#pattern(), '');
  }

  #redact(value: unknown, handles: RegExp | undefined, field: string): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#redact(item, handles, field));
    if (typeof value === 'string') return SECRET_FIELD.test(field) ? REDACTED : this.#redactText(value, handles);
    if (typeof value !== 'object' || value === null) return value;
    if (SECRET_FIELD.test(field)) return REDACTED;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#entry(key, item, handles)]));
  }

  #entry(key: string, item: unknown, handles: RegExp | undefined): unknown {
    // Anything may be in an annotation; kubectl's own has the whole object once more.
    if (key === 'annotations' && typeof item === 'object' && item !== null)
      return Object.fromEntries(Object.keys(item).map((name) => [name, REDACTED]));
    return this.#redact(item, handles, key);
  }

  #redactText(text: string, handles: RegExp | undefined): string {
    const known = handles === undefined ? text : text.replace(handles, (handle) => this.#names.get(handle) ?? handle);
    return SECRET_TEXT.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), known);
  }

  #nameOf(handle: string): void {
    if (handle !== '' && !this.#names.has(handle)) this.#names.set(handle, `<lun ${this.#names.size + 1}>`);
  }

  /** Every handle as a whole word; longer ones first, since one may begin like another. */
  #pattern(): RegExp | undefined {
    if (this.#names.size === 0) return undefined;
    const words = [...this.#names.keys()].toSorted((a, b) => b.length - a.length).map(escaped);
    // A full stop ends a sentence as well: it belongs to an id only where more of one follows.
    return new RegExp(`(?<![${ID_CHARACTER}])(?:${words.join('|')})(?![A-Za-z0-9_:-]|\\.[A-Za-z0-9])`, 'g');
  }
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

function walk(value: unknown, visit: (field: string, text: string) => void, field = ''): void {
  if (typeof value === 'string') return visit(field, value);
  if (Array.isArray(value)) {
    for (const item of value) walk(item, visit, field);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) walk(item, visit, key);
  }
}
