/** The documents name files of this repository, npm scripts, versions and images: those must be there, and the same. */
import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KUBERNETES_VERSION } from '../../scripts/control-plane/binaries.ts';
import { documentPaths, ROOT, read } from './markdown.ts';

const documents = documentPaths();

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].flatMap(([, found]) => found ?? []);
}

describe('the documents', () => {
  it('are there', () => {
    expect(documents).toEqual(
      expect.arrayContaining(['ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs/design.md']),
    );
  });

  it.each(documents)('name only paths that exist: %s', (document) => {
    const text = read(document);
    const paths = matches(text, /`((?:src|test|scripts|proto|deploy|docs|tools|bench)\/[\w./-]+?)`/g);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it.each(documents)('name only npm scripts that exist: %s', (document) => {
    const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
    const named = matches(read(document), /npm run ([\w:-]+)/g);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });
});

describe('the changelog', () => {
  const headings = matches(read('CHANGELOG.md'), /^(##+ .*)$/gm);

  it('has the form of Keep a Changelog, with what is not released on top', () => {
    expect(headings[0]).toBe('## [Unreleased]');
    const wrong = headings.filter(
      (heading) =>
        !/^## \[(Unreleased|\d+\.\d+\.\d+)\]( - \d{4}-\d\d-\d\d)?$/.test(heading) &&
        !/^### (Added|Changed|Deprecated|Removed|Fixed|Security)$/.test(heading),
    );
    expect(wrong).toEqual([]);
  });
});

describe('the pages for users', () => {
  const samples = globSync('deploy/samples/**/*.yaml', { cwd: ROOT });

  it('tell the versions of Kubernetes that the chart and the tests have', () => {
    const oldest = matches(read('deploy/helm/lunresync/Chart.yaml'), /^kubeVersion: ">=(\d+\.\d+)/gm)[0] ?? '';
    const page = read('docs/installation.md');
    expect(page).toContain(`| the chart and the operator | ${oldest} and later |`);
    expect(page).toContain(`| ${KUBERNETES_VERSION} | \`npm test\` |`);
  });

  it('and the samples name our images in the version that there is', () => {
    const { version } = JSON.parse(read('package.json')) as { readonly version: string };
    const texts = [...documents, ...samples].map(read);
    const named = texts.flatMap((text) => matches(text, /\blunresync(?:-simulator)?:(\d[\w.-]*)/g));
    expect(new Set(named)).toEqual(new Set([version]));
  });

  it('name every base image of the Dockerfile with its build argument, and every registry that a sample pulls from', () => {
    const page = read('docs/airgap.md');
    const bases = [...read('Dockerfile').matchAll(/^ARG (\w+_IMAGE)=(\S+)$/gm)];
    expect(bases.length).toBe(3);
    for (const [, argument, image] of bases) expect(page).toContain(`| \`${argument}\` | \`${image}\` |`);
    const images = samples.flatMap((path) => matches(read(path), /^ *image: (.+?):[^:]+$/gm));
    expect([...new Set(images)].filter((image) => !page.includes(`\`${image}\``))).toEqual([]);
  });
});
