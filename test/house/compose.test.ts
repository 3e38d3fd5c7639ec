/**
 * There is no container engine on a developer's machine or in the tests, so the deployment is checked by reading it:
 * against the Compose specification, by the linter, and for what the house asks of every service.
 */
import { posix } from 'node:path';
import { spawnSync } from 'node:child_process';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { BUSINESS_DATE, CHANNEL, NEEDS_REVIEW, REFUND_STATE } from '../../workers/search-attributes.ts';
import { fileExists, readManifest, readText } from './repository.ts';

const FILE = 'docker-compose.yml';

const dependency = z.object({ condition: z.string() });

const serviceSchema = z.object({
  image: z.string(),
  build: z.string().optional(),
  command: z.array(z.string()).optional(),
  entrypoint: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  secrets: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), dependency).default({}),
  healthcheck: z.object({ test: z.array(z.string()).min(2) }).optional(),
  profiles: z.array(z.string()).default([]),
  restart: z.string().optional(),
  read_only: z.boolean().default(false),
});

const document: unknown = parse(readText(FILE), { merge: true });
const compose = z
  .object({
    services: z.record(z.string(), serviceSchema),
    secrets: z.record(z.string(), z.object({ file: z.string() })),
    volumes: z.record(z.string(), z.unknown()),
  })
  .parse(document);
const services = Object.entries(compose.services);
const processes = services.filter(([, service]) => service.build !== undefined);

describe('the file', () => {
  test('follows the Compose specification', () => {
    const specification = z
      .record(z.string(), z.unknown())
      .parse(JSON.parse(readText('node_modules/dclint/schemas/compose.schema.json')));
    // Ajv knows draft 07 under its http address only; the schema names the https one.
    delete specification['$schema'];
    const ajv = new Ajv({
      strict: false,
      allErrors: true,
      formats: { duration: true, subnet_ip_address: true },
    });
    const validate = ajv.compile(specification);

    expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
  });

  test('passes the linter', () => {
    const lint = spawnSync(process.execPath, ['node_modules/dclint/bin/dclint.cjs', FILE], {
      encoding: 'utf8',
    });

    expect(lint.stdout.trim() + lint.stderr.trim()).toBe('');
    expect(lint.status).toBe(0);
  });
});

describe.each(services)('service %s', (_name, service) => {
  test('has a pinned image', () => {
    expect(service.image).toMatch(/^[a-z0-9./-]+:[0-9]+\.[0-9]+(\.[0-9]+)?[a-z0-9.-]*$/);
  });

  test('opens its ports to this machine only', () => {
    for (const port of service.ports) expect(port).toMatch(/^127\.0\.0\.1:[0-9]+:[0-9]+$/);
  });

  test('has no password in its environment, only files that hold them', () => {
    const secretive = Object.keys(service.environment).filter((key) =>
      /PASS|PWD|SECRET|TOKEN|DATABASE_URL|KEY/.test(key),
    );

    expect(secretive.filter((key) => !key.endsWith('_FILE'))).toEqual([]);
    for (const key of secretive) {
      const secret = (service.environment[key] ?? '').replace('/run/secrets/', '');
      expect(service.secrets).toContain(secret);
    }
  });

  test('names only secrets, volumes and services that are there', () => {
    expect(service.secrets.filter((name) => !(name in compose.secrets))).toEqual([]);
    expect(Object.keys(service.depends_on).filter((name) => !(name in compose.services))).toEqual([]);
    for (const source of service.volumes.map((volume) => volume.split(':')[0] ?? '')) {
      const there = source.startsWith('./') ? isOursOrMadeByHand(source) : source in compose.volumes;
      expect(there, source).toBe(true);
    }
  });

  test('waits for health where the other one stays, and for the end where it ends', () => {
    for (const [name, { condition }] of Object.entries(service.depends_on)) {
      const other = compose.services[name];
      const stays = other?.restart === 'unless-stopped';

      expect(condition, name).toBe(stays ? 'service_healthy' : 'service_completed_successfully');
      if (stays) expect(other.healthcheck, name).toBeDefined();
    }
  });
});

describe('the processes of Yuanlu', () => {
  test('are the migration, the three that run, and the sandbox behind its profile', () => {
    expect(processes.map(([name]) => name).sort()).toEqual([
      'api',
      'migrate',
      'sandbox',
      'scheduler',
      'worker',
    ]);
    expect(services.filter(([, service]) => service.profiles.length > 0).map(([name]) => name)).toEqual([
      'sandbox',
    ]);
  });

  test.each(processes)('%s starts with the same command as its npm script', (name, service) => {
    const script = readManifest('package.json').scripts?.[name];

    expect(service.command?.slice(0, 3).join(' ')).toBe(script);
  });

  test.each(processes.filter(([, service]) => optionsOf(service.command).length > 0))(
    '%s uses only options that its command has',
    (name, service) => {
      const help = spawnSync(process.execPath, ['bin/yuanlu.js', name, '--help'], {
        encoding: 'utf8',
      }).stdout;

      expect(optionsOf(service.command).filter((option) => !help.includes(`${option} `))).toEqual([]);
    },
  );

  test.each(processes)('%s is given only variables that the configuration reads', (_name, service) => {
    const known = readText('workers/config.ts');
    const variables = Object.keys(service.environment).map((variable) => variable.replace(/_FILE$/, ''));

    expect(variables.filter((variable) => !known.includes(variable))).toEqual([]);
  });

  test.each(processes)('%s cannot write to its own code', (_name, service) => {
    expect(service.read_only).toBe(true);
  });

  test('have the version of package.json', () => {
    const { version } = readManifest('package.json');

    expect(new Set(processes.map(([, service]) => service.image))).toEqual(new Set([`yuanlu:${version}`]));
  });

  test('use the login that owns the schema in the migration only', () => {
    const owners = services.filter(([, service]) => service.secrets.includes('owner_database_url'));

    expect(owners.map(([name]) => name)).toEqual(['migrate']);
  });

  test('end within the time that the container gives them', () => {
    expect(readText(FILE)).toContain('stop_grace_period: 60s');
  });
});

/** Top folders with a file that is imported on some way from `entry`, whether at once or later. */
function foldersReachedFrom(entry: string): string[] {
  const seen = new Set<string>();
  const open = [entry];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    const imported = readText(file).matchAll(
      /(?:from |import\(|new URL\()'(\.{1,2}\/[^']+\.(?:ts|js|mjs))'/g,
    );
    for (const [, path] of imported) open.push(posix.join(posix.dirname(file), path ?? ''));
  }
  return [...new Set([...seen].map((file) => file.split('/')[0] ?? ''))].sort();
}

describe('the files beside it', () => {
  test('the image holds every folder that the program imports from, and none of the tests', () => {
    const copied = [...readText('Dockerfile').matchAll(/^COPY ([a-z]+) [a-z]+$/gm)].map(
      ([, folder]) => folder,
    );

    expect(copied.sort()).toEqual(foldersReachedFrom('bin/yuanlu.js'));
  });

  test('the build context holds what the image copies', () => {
    const open = new Set(
      readText('.dockerignore')
        .split('\n')
        .filter((line) => line.startsWith('!')),
    );
    const copied = [...readText('Dockerfile').matchAll(/^COPY (?!--)(.+) \S+$/gm)].flatMap(([, from]) =>
      (from ?? '').split(' '),
    );

    expect(copied.filter((path) => !open.has(`!${path}`))).toEqual([]);
  });

  test('the image has the Node version that the house is tested with, at one pinned version', () => {
    const images = [...readText('Dockerfile').matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);

    expect(new Set(images).size).toBe(1);
    expect(images[0]).toMatch(/^node:20\.[0-9]+\.[0-9]+-bookworm-slim$/);
  });

  test('every secret is made by the script that makes secrets', () => {
    const script = readText('deploy/make-secrets.sh');

    for (const { file } of Object.values(compose.secrets))
      expect(script).toContain(file.replace('./deploy/secrets/', ''));
  });

  test('secrets and accounts are never committed', () => {
    expect(readText('deploy/.gitignore')).toMatch(/^secrets\/$/m);
    expect(readText('deploy/.gitignore')).toMatch(/^accounts\/$/m);
  });

  test('the namespace script makes the search attributes that the workers use', () => {
    const made = [...readText('deploy/temporal/namespace.sh').matchAll(/^attribute (\w+) (\w+)$/gm)].map(
      ([, name, type]) => `${name ?? ''} ${(type ?? '').toUpperCase()}`,
    );
    const used = [CHANNEL, REFUND_STATE, BUSINESS_DATE, NEEDS_REVIEW].map((key) => `${key.name} ${key.type}`);

    expect(made.sort()).toEqual(used.sort());
  });
});

function optionsOf(command: readonly string[] = []): string[] {
  return command.flatMap((word) => /^--[a-z-]+/.exec(word)?.[0] ?? []);
}

/** Secrets and accounts are made on the machine that runs the containers. */
function isOursOrMadeByHand(path: string): boolean {
  return path === './deploy/accounts' || fileExists(path.slice(2));
}
