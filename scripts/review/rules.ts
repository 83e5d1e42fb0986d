// Point 4: every CEL rule that the API server has for our kinds refuses its violation, with its message at its field.
import { type Ended, printed } from './commands.ts';
import type { Findings } from './findings.ts';
import type { Terminal } from './ground.ts';
import { newNamespace } from './schema.ts';
import { VIOLATIONS, type Violation } from './violations.ts';
import type { World } from './world.ts';

/** What is read of a structural schema. */
export type Schema = {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly 'x-kubernetes-validations'?: readonly { readonly message: string; readonly fieldPath?: string }[];
};

/** A rule, and the field at which its violation is reported; of a list that of the first item. */
export type Rule = { readonly message: string; readonly field: string };

/** Violates one rule after the other. */
export async function rulesRefuse(world: World, findings: Findings): Promise<void> {
  const plane = await world.plane();
  const namespace = await newNamespace(plane);
  for (const kind of ['lunresyncs', 'storagearrays']) {
    const path = `--output=jsonpath={.spec.versions[0].schema.openAPIV3Schema}`;
    const schema = JSON.parse(await printed(plane.kubectl(['get', 'crd', `${kind}.lunresync.io`, path]))) as Schema;
    const rules = rulesOf(schema, '');
    const problems: string[] = [];
    for (const rule of rules) {
      const violation = VIOLATIONS.get(rule.message);
      if (violation === undefined) problems.push(`no violation is known of "${rule.message}"`);
      else problems.push(...(await objectionTo(await violate(plane, namespace, violation), rule)));
    }
    findings.expect(
      rules.length > 0 && problems.length === 0,
      `${kind}: ${rules.length} rules, ${problems.join('; ') || 'each refuses its violation as it should'}`,
    );
  }
}

/** Every rule of a schema. */
export function rulesOf(schema: Schema, path: string): Rule[] {
  const own = (schema['x-kubernetes-validations'] ?? []).map(({ message, fieldPath = '' }) => {
    return { message, field: `${path}${fieldPath}`.replace(/^\./, '') };
  });
  const below = Object.entries(schema.properties ?? {}).flatMap(([name, child]) => rulesOf(child, `${path}.${name}`));
  return [...own, ...below, ...(schema.items === undefined ? [] : rulesOf(schema.items, `${path}[0]`))];
}

async function violate(
  { kubectl }: Terminal,
  namespace: string,
  { object, status, change }: Violation,
): Promise<Ended> {
  const created = await kubectl(
    ['create', `--namespace=${namespace}`, '--output=name', '-f', '-'],
    JSON.stringify(object),
  );
  if (change === undefined) return created;
  const name = (await printed(Promise.resolve(created))).trim();
  const patch = (body: object, subresource: string | undefined): Promise<Ended> => {
    const part = subresource === undefined ? [] : [`--subresource=${subresource}`];
    return kubectl([
      'patch',
      name,
      `--namespace=${namespace}`,
      '--type=merge',
      ...part,
      '--patch',
      JSON.stringify(body),
    ]);
  };
  if (status !== undefined) await printed(patch({ status }, 'status'));
  return patch(change.patch, change.subresource);
}

/** What is wrong with a refusal: nothing when kubectl says the field and, to the last letter, the message. */
async function objectionTo({ code, stdout, stderr }: Ended, { message, field }: Rule): Promise<string[]> {
  if (code === 0) return [`"${message}" was accepted: ${stdout.trim()}`];
  const causes = stderr.split('\n').map((line) => line.trim());
  const isSaid = causes.some((line) => line.includes(`${field}: `) && line.endsWith(`: ${message}`));
  return isSaid ? [] : [`${field}: "${message}" is not in: ${stderr.trim()}`];
}
