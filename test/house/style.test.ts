/** What the style of the house can be checked for by reading files. The rest is lint, types and taste. */
import { describe, expect, test } from 'vitest';
import { ourFiles, readText } from './repository.ts';

const CODE = /\.(ts|js|mjs|cjs)$/;
const BINARY = /\.(png|jpg|gif|ico|woff2?|gz|zip|pdf)$/;
const SOURCE_LINES_MAX = 300;

/** Longer on purpose: one table, one entry after the other, read by looking up and not from top to bottom. */
const TABLES = new Set(['domain/errors.ts']);

const files = ourFiles();
const source = files.filter((path) => CODE.test(path) && !path.startsWith('test/'));
const text = files.filter((path) => !BINARY.test(path));

describe('files and folders', () => {
  test(`no source file is longer than ${String(SOURCE_LINES_MAX)} lines`, () => {
    const long = source.filter((path) => !TABLES.has(path) && lines(path).length > SOURCE_LINES_MAX);

    expect(long).toEqual([]);
  });

  test('no folder or file has a name that says nothing about what is in it', () => {
    const empty = /(^|\/)(utils?|commons?|helpers?|libs?|misc|shared|stuff)(\/|\.[a-z]+$)/;

    expect(files.filter((path) => empty.test(path))).toEqual([]);
  });

  test('names are kebab-case', () => {
    const odd = files.filter((path) => CODE.test(path) && !/^\.?[a-z0-9]+([-./][a-z0-9]+)*$/.test(path));

    expect(odd).toEqual([]);
  });

  test('there is no barrel but the entry of the workflow bundle and the factory of the activities', () => {
    const barrels = source.filter((path) => path.endsWith('/index.ts'));

    expect(barrels.filter((path) => !['workflows/index.ts', 'activities/index.ts'].includes(path))).toEqual(
      [],
    );
  });
});

describe('code', () => {
  test('has no switch to turn a check off', () => {
    const words = [
      'eslint',
      '-disable|biome',
      '-ignore|@ts',
      '-ignore|@ts',
      '-nocheck|v8',
      ' ignore|istanbul',
      ' ignore',
    ];
    const off = new RegExp(words.join(''));

    expect(linesWith(source.concat(files.filter((path) => /^test\/.*\.ts$/.test(path))), off)).toEqual([]);
  });

  test('has no task without an issue number', () => {
    const open = new RegExp(`\\b(${['TO', 'DO|FIX', 'ME|X', 'XX'].join('')})\\b(?!\\(#[0-9]+\\))`);

    expect(linesWith(source, open)).toEqual([]);
  });

  test('does not read the zone of the host: no local-time methods of Date, no Intl zone', () => {
    const local = /\.(get|set)(FullYear|Month|Date|Day|Hours|Minutes)\(|toLocale(Date|Time)?String\(/;

    expect(linesWith(source, local)).toEqual([]);
  });

  test('I14 makes no float of money text', () => {
    expect(
      linesWith(source, /parseFloat\(|\.toFixed\(/).filter((line) => !line.startsWith('bench/')),
    ).toEqual([]);
  });
});

describe('what is committed', () => {
  test('names no package registry and no path of one machine', () => {
    const registries = ['registry\\.npm', 'npm', 'mirror|registry\\.yarn', 'pkg\\.com|_auth', 'Token'].join(
      '',
    );
    const places = ['/ro', 'ot/|/home/[a-z]+/|/Us', 'ers/[a-z]+/|[^a-z]/wo', 'rk/(main|shared)'].join('');

    expect(linesWith(text, new RegExp(`${registries}|${places}`))).toEqual([]);
  });

  test('holds no private key and no certificate', () => {
    const material = new RegExp(
      `-----${['BEG', 'IN'].join('')} ([A-Z ]*PRIVATE KEY|CERTIFICATE)-----\\n?[A-Za-z0-9+/]{20}`,
    );

    expect(text.filter((path) => material.test(readText(path)))).toEqual([]);
  });

  test('ends every text file with exactly one line break and no blanks at line ends in code', () => {
    const ragged = source.filter((path) => !/[^\n]\n$/.test(readText(path)));

    expect(ragged).toEqual([]);
    expect(linesWith(source, /[ \t]+$/)).toEqual([]);
  });
});

function lines(path: string): string[] {
  return readText(path).trimEnd().split('\n');
}

/** `path:line text` for each line that matches. */
function linesWith(paths: readonly string[], pattern: RegExp): string[] {
  return paths.flatMap((path) =>
    lines(path).flatMap((line, index) =>
      pattern.test(line) ? [`${path}:${String(index + 1)} ${line.trim().slice(0, 100)}`] : [],
    ),
  );
}
