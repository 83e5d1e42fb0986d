// JSON schemas of Kubernetes' own kinds, from the OpenAPI document in the Go module of a release: what kubeconform checks
// against, without a web site that has them.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../../scripts/control-plane/binaries.ts';

const DOWNLOAD_MS = 300_000;

/** Where kubeconform finds a kind in the folder; its name for the core group is the version. */
export const SCHEMA_PATH = '{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json';

type Schema = { readonly [key: string]: unknown };
type Kind = { readonly group: string; readonly version: string; readonly kind: string };

/** A folder in the cache with one schema a kind, for a release such as 1.36.3; made the first time. */
export async function schemaFolder(release: string): Promise<string> {
  const folder = join(cacheFolder(), `schemas-${release}`);
  if (existsSync(folder)) return folder;
  const definitions = await definitionsOf(release);
  await mkdir(cacheFolder(), { recursive: true });
  const made = await mkdtemp(join(cacheFolder(), '.schemas-'));
  try {
    for (const [name, definition] of Object.entries(definitions)) {
      const kinds = (definition['x-kubernetes-group-version-kind'] ?? []) as readonly Kind[];
      const [of] = kinds;
      if (of === undefined || kinds.length > 1) continue;
      const group = join(made, of.group || of.version);
      await mkdir(group, { recursive: true });
      const path = join(group, `${of.kind.toLowerCase()}_${of.version}.json`);
      await writeFile(path, JSON.stringify(standalone(name, definitions)));
    }
    await rename(made, folder);
  } catch (error) {
    await rm(made, { recursive: true, force: true });
    // Another process may have been faster, and a folder that is not empty is not replaced.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

async function definitionsOf(release: string): Promise<Readonly<Record<string, Schema>>> {
  const args = ['mod', 'download', '-json', `k8s.io/kubernetes@v${release}`];
  const { stdout } = await promisify(execFile)('go', args, { cwd: tmpdir(), timeout: DOWNLOAD_MS }).catch(
    (cause: unknown) => {
      throw new Error(
        `go ${args.join(' ')} failed: the schemas of Kubernetes ${release} need Go and its module proxy`,
        {
          cause,
        },
      );
    },
  );
  const { Dir } = JSON.parse(stdout) as { readonly Dir: string };
  const document = JSON.parse(await readFile(join(Dir, 'api', 'openapi-spec', 'swagger.json'), 'utf8')) as {
    readonly definitions: Readonly<Record<string, Schema>>;
  };
  return document.definitions;
}

/** One definition with all that it leads to. */
function standalone(name: string, definitions: Readonly<Record<string, Schema>>): Schema {
  const needed: Record<string, unknown> = {};
  const pending = [name];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next in needed) continue;
    const definition = definitions[next] ?? {};
    needed[next] = strict(definition);
    for (const [, other = ''] of JSON.stringify(definition).matchAll(/"#\/definitions\/([^"]+)"/g)) pending.push(other);
  }
  return { $schema: 'http://json-schema.org/draft-07/schema#', $ref: `#/definitions/${name}`, definitions: needed };
}

/** No fields but the known ones; and what OpenAPI says in `format` in words that JSON Schema understands. */
function strict(definition: Schema): Schema {
  if (definition['format'] === 'int-or-string') return { type: ['string', 'integer'] };
  const isClosed = 'properties' in definition && !('additionalProperties' in definition);
  const { format, ...rest } = definition;
  return isClosed
    ? { ...rest, additionalProperties: false }
    : { ...rest, ...(format === 'date-time' ? { format } : {}) };
}
