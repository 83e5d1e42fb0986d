/** Reads the body of an answer within limits, whole or as the lines of a watch. */
import type { Readable } from 'node:stream';

/** A list page of 500 of the largest objects stays well below. */
const MAX_BODY_BYTES = 128 * 1024 * 1024;
/** etcd refuses objects above 1.5 MiB; their JSON in a watch event is hardly longer. */
const MAX_LINE_LENGTH = 16 * 1024 * 1024;

/** Reads a body to its end as UTF-8. Throws when it is longer than 128 MiB. */
export async function readText(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    size += bytes.length;
    if (size > MAX_BODY_BYTES) throw new Error(`the answer is longer than ${MAX_BODY_BYTES} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, size).toString('utf8');
}

/** Reads a whole body as JSON. */
export async function readJson(body: Readable): Promise<unknown> {
  return parseJson(await readText(body));
}

/** Parses a body line by line as JSON. Throws on a line that is no JSON, or is longer than 16 Mi characters. */
export async function* readJsonLines(body: Readable): AsyncGenerator<unknown, void, undefined> {
  body.setEncoding('utf8');
  let pieces: string[] = [];
  let length = 0;
  for await (const chunk of body) {
    const lines = String(chunk).split('\n');
    const rest = lines.pop() ?? '';
    for (const line of lines) {
      const whole = pieces.length === 0 ? line : pieces.join('') + line;
      pieces = [];
      length = 0;
      if (whole.trim() !== '') yield parseJson(whole);
    }
    if (rest === '') continue;
    pieces.push(rest);
    length += rest.length;
    if (length > MAX_LINE_LENGTH) throw new Error(`a watch event is longer than ${MAX_LINE_LENGTH} characters`);
  }
  // What follows the last newline was cut off with the connection: the next watch sends that event again.
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which may be a Secret's.
    throw new Error('the answer is not JSON');
  }
}
