// The reference of the API, from the very definitions that the cluster gets.
import { type CustomResourceDefinition, lunResyncCrd, storageArrayCrd } from '../../src/api/crd.ts';
import type { ValidationRule } from '../../src/api/fields.ts';
import { IMMUTABLE_FIELDS } from '../../src/api/lun-resync-rules.ts';
import type { Files } from './files.ts';
import { markdownTable } from './table.ts';

/** The parts of a schema that the page shows. */
type Node = {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
};

type Place = { readonly path: string; readonly node: Node; readonly isRequired: boolean };

type Definition = {
  readonly group: string;
  readonly scope: string;
  readonly names: { readonly kind: string; readonly plural: string; readonly shortNames: readonly string[] };
  readonly versions: readonly [Version];
};

type Version = {
  readonly name: string;
  readonly additionalPrinterColumns: readonly { readonly name: string; readonly priority?: number }[];
  readonly schema: { readonly openAPIV3Schema: Node };
};

const HEAD = `<!-- Generated from src/api by \`npm run generate\`; do not edit. -->

# API reference

What the API server of a cluster accepts, field by field, from the definitions in \`deploy/crds\`. \`kubectl explain
lunresync.spec --recursive\` shows the same of the cluster that you are connected to. What the fields are for is in
[design.md](../design.md), the reasons of the conditions are in [reasons.md](reasons.md).

*Limits* of a text are its length in characters and its pattern, of a list the number of its entries. A field that is neither
required nor has a default may be left out. A field that is not here is refused by kubectl, and dropped when another client
sends it.
`;

export function apiFiles(): Files {
  const kinds = [lunResyncCrd(), storageArrayCrd()].map(definitionOf);
  return new Map([['docs/reference/api.md', `${[HEAD, ...kinds.map(kindText)].join('\n')}`]]);
}

/** The definition is made as JSON of any shape; what is read here is what `src/api/crd.ts` puts there. */
function definitionOf({ spec }: CustomResourceDefinition): Definition {
  return spec as unknown as Definition;
}

function kindText({ group, scope, names, versions: [version] }: Definition): string {
  const root = version.schema.openAPIV3Schema;
  const short = names.shortNames.map((name) => `\`${name}\``).join(', ');
  const parts = (['spec', 'status'] as const).flatMap((part) => partText(names.kind, part, root.properties?.[part]));
  return [
    `## ${names.kind}`,
    '',
    `\`${group}/${version.name}\`, ${scope.toLowerCase()}, \`${names.plural}\`, short ${short}. ${root.description ?? ''}`,
    '',
    columnsText(version),
    '',
    ...parts,
    ...rulesText(`### Refused by rules of ${names.kind}`, root),
  ].join('\n');
}

function columnsText({ additionalPrinterColumns: columns }: Version): string {
  const namesOf = (priority: number): string =>
    columns
      .filter((column) => (column.priority ?? 0) === priority)
      .map(({ name }) => `\`${name}\``)
      .join(', ');
  return `\`kubectl get\` shows the name and ${namesOf(0)}, with \`--output wide\` also ${namesOf(1)}.`;
}

function partText(kind: string, part: 'spec' | 'status', node: Node = {}): string[] {
  const places = fieldsOf(node, '');
  const showsChange = kind === 'LunResync' && part === 'spec';
  const header = ['Field', 'Type', 'Default', 'Limits', ...(showsChange ? ['Changes'] : []), 'Meaning'];
  const rows = places.map((place) => [
    `\`${place.path}\``,
    typeOf(place.node),
    place.isRequired ? 'required' : codeOf(place.node.default),
    limitsOf(place.node),
    ...(showsChange ? [changeOf(place.path)] : []),
    place.node.description ?? '',
  ]);
  return [`### ${kind}.${part}`, '', node.description ?? '', '', ...markdownTable(header, rows), ''];
}

/** All fields below the node, in the order of the schema; a list's entries are `name[]`. */
function fieldsOf({ properties = {}, required = [] }: Node, prefix: string): Place[] {
  return Object.entries(properties).flatMap(([name, node]) => {
    const path = `${prefix}${name}`;
    const inner = node.items === undefined ? fieldsOf(node, `${path}.`) : fieldsOf(node.items, `${path}[].`);
    return [{ path, node, isRequired: required.includes(name) }, ...inner];
  });
}

function typeOf({ type = '', format, items, ...node }: Node): string {
  if (type !== 'array') return format === undefined ? type : `${type} (${format})`;
  const [key] = node['x-kubernetes-list-map-keys'] ?? [];
  const kind = key === undefined ? node['x-kubernetes-list-type'] : `map by \`${key}\``;
  return `list of ${items?.type ?? ''} (${kind ?? ''})`;
}

function codeOf(value: unknown): string {
  return value === undefined ? '' : `\`${JSON.stringify(value).replaceAll('"', '')}\``;
}

function limitsOf(node: Node): string {
  const { minLength, maxLength, minimum, maximum, minItems, maxItems, pattern, items } = node;
  const parts = [
    (node.enum ?? []).map((value) => `\`${value}\``).join(', '),
    range(minLength, maxLength, ' characters'),
    range(minimum, maximum),
    range(minItems, maxItems, ' entries'),
    pattern === undefined ? '' : `\`${pattern}\``,
    items?.type === 'string' ? `each ${limitsOf(items)}` : '',
  ];
  return parts.filter((part) => part !== '').join('; ');
}

function range(min: number | undefined, max: number | undefined, unit = ''): string {
  if (max === undefined) return min === undefined ? '' : `from ${min}${unit}`;
  return min === undefined ? `at most ${max}${unit}` : `${min} to ${max}${unit}`;
}

function changeOf(path: string): string {
  const [top = ''] = path.split(/[.[]/);
  return IMMUTABLE_FIELDS.some((field) => field === top) ? 'no' : 'yes';
}

/** Every rule of the kind: the place that the API server names, and its words. */
function rulesText(title: string, root: Node): string[] {
  const rows = rulesOf(root, '').map(({ path, rule }) => [
    `\`${`${path}${rule.fieldPath ?? ''}`.replace(/^\./, '')}\``,
    rule.message,
    rule.reason ?? 'FieldValueInvalid',
  ]);
  if (rows.length === 0) return [];
  const text =
    'Besides the limits above. The API server names the field and says this; the expressions are in the definition.';
  return [title, '', text, '', ...markdownTable(['Field', 'Message', 'Reason'], rows), ''];
}

function rulesOf(node: Node, path: string): { readonly path: string; readonly rule: ValidationRule }[] {
  const own = (node['x-kubernetes-validations'] ?? []).map((rule) => ({ path, rule }));
  const below = Object.entries(node.properties ?? {}).flatMap(([name, inner]) =>
    rulesOf(inner, path === '' ? name : `${path}.${name}`),
  );
  return [...own, ...below, ...(node.items === undefined ? [] : rulesOf(node.items, `${path}[]`))];
}
