// The CustomResourceDefinitions from the schemas in src/api: as plain files, and as templates of the chart.
import { dump } from 'js-yaml';
import { lunResyncCrd, storageArrayCrd } from '../../src/api/crd.ts';
import type { Files } from './files.ts';

const HEADER = '# Generated from src/api by `npm run generate`; do not edit.\n';

export function crdFiles(): Files {
  return new Map(
    [lunResyncCrd(), storageArrayCrd()].flatMap((crd) => {
      const { name } = crd.metadata;
      const text = dump(crd, { lineWidth: 120, noRefs: true });
      return [
        [`deploy/crds/${name}.yaml`, `${HEADER}${text}`],
        [`deploy/helm/lunresync/templates/crds/${name}.yaml`, `${HEADER}${template(name, text)}`],
      ] as const;
    }),
  );
}

/** The same object, if the values ask for it, with the labels and annotations of the chart. */
function template(name: string, text: string): string {
  if (text.includes('{{')) throw new Error(`${name} has "{{" in a text, which Helm would take for a template`);
  const marked = text.replace(
    `  name: ${name}\n`,
    `  name: ${name}\n  {{- include "lunresync.crdMarks" . | nindent 2 }}\n`,
  );
  return `{{- if .Values.crds.enabled }}\n${marked}{{- end }}\n`;
}
